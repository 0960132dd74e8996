/** docs/reference/metrics.md says what the sources do: metrics with their function, alarms, fields of log lines. */
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { codes, filesBelow, read, rows, section } from './sources.ts'

const page = read('docs/reference/metrics.md')

/** Which function runs the use cases of a folder. */
const FUNCTION_OF: Readonly<Record<string, string>> = {
  landing: 'file-manager',
  batching: 'batch-manager',
  claims: 'claim-batch',
  settling: 'settle-batch',
  runs: 'summarise-run',
  reconcile: 'reconcile',
}

/** `function metric` for each call of the port `Signals`; a name that is not literal comes from a `METRIC` of its file. */
function metricsOf(path: string): string[] {
  const text = read(path)
  const service = FUNCTION_OF[path.split('/')[1] ?? ''] ?? `nobody knows who runs ${path}`
  return [...text.matchAll(/signals\.count\(\s*(?:'(\w+)'|(\w+)\[|(.))/g)].flatMap(([call, literal, map]) => {
    if (literal !== undefined) return [`${service} ${literal}`]
    const values = new RegExp(`const ${map} = \\{(.*?)\\}`, 's').exec(text)?.[1]
    if (values === undefined) throw new Error(`${path}: \`${call}\` has neither a literal nor a map of literals`)
    return [...values.matchAll(/: '(\w+)'/g)].map(([, name]) => `${service} ${name}`)
  })
}

describe('metrics', () => {
  const emitted = [...filesBelow('shared'), ...filesBelow('functions')]
    .filter((path) => !/^shared\/(aws|memory|ports)\//.test(path))
    .flatMap(metricsOf)
  const explained = rows(section(page, '## Metrics')).map(([service, metric = '']) => `${service} ${codes(metric)[0]}`)

  it('on the page are those of the sources', () => {
    expect(emitted.length).toBeGreaterThan(20)
    expect(explained.toSorted()).toEqual([...new Set(emitted)].sort())
  })

  it('have the namespace and the dimension of the page', () => {
    expect(read('serverless.yml')).toContain('POWERTOOLS_METRICS_NAMESPACE: Tidegate')
    for (const service of Object.values(FUNCTION_OF))
      expect(read('serverless.yml')).toContain(`POWERTOOLS_SERVICE_NAME: ${service}`)
  })

  it('of the text under the table are in it', () => {
    const worth = /\*\*Worth a dashboard\*\*: (.*?)Of AWS/s.exec(page)?.[1] ?? ''
    expect(codes(worth).length).toBeGreaterThan(3)
    for (const name of codes(worth)) expect(explained.map((each) => each.split(' ')[1])).toContain(name)
  })
})

interface Alarm {
  AlarmName: string
  Namespace: string
  MetricName: string
  Dimensions: { Name: string; Value: unknown }[]
  Statistic: string
  Period: number
  Threshold: number
  TreatMissingData: string
}

it('alarms of the page are those that are deployed', async () => {
  const load = createRequire(import.meta.url)('../../../deploy/alarms.cjs') as (serverless: unknown) => Promise<{
    Resources: Record<string, { Properties: Alarm }>
  }>
  const variables: Record<string, string> = { 'self:custom.names.prefix': 'P', 'param:alarmTopicArn': '' }
  const { Resources } = await load({ resolveVariable: async (name: string) => variables[name] })
  const deployed = Object.values(Resources).map(({ Properties: alarm }) => {
    expect(alarm).toMatchObject({ Period: 60, Threshold: 0, TreatMissingData: 'notBreaching' })
    const [dimension] = alarm.Dimensions
    return [alarm.AlarmName.replace('P-', ''), alarm.Namespace, alarm.MetricName, dimension?.Name, alarm.Statistic]
  })
  const explained = rows(section(page, '## Alarms')).map(([name = '', metric = '', dimension = '', statistic]) => [
    ...[...codes(name), ...codes(metric), ...codes(dimension)],
    statistic,
  ])
  expect(explained.toSorted()).toEqual(deployed.toSorted())
})

describe('log lines', () => {
  const lines = new Map(
    rows(section(page, '### Lines of the functions')).map(([message = '', , fields = '']) => [
      codes(message)[0],
      codes(fields),
    ]),
  )

  it.each([
    ['functions/file-manager/landing-handler.ts', ['event taken', 'message goes back']],
    ['functions/_shared/step-handler.ts', ['step done', 'step failed']],
  ])('of %s have the messages and fields of the page', (path, messages) => {
    const text = read(path)
    const written = [...text.matchAll(/logger\.\w+\('([^']+)', (?:\{([^}]*)\}|(\w+) as Error)\)/g)]
    expect(written.map(([, message]) => message).sort()).toEqual(messages.toSorted())
    expect(written).toHaveLength([...text.matchAll(/logger\.(?:info|warn|error|debug)\(/g)].length)
    for (const [, message, fields, error] of written)
      for (const field of error ? ['error'] : namesIn(fields ?? '', text))
        expect(lines.get(message), `${message}: ${field}`).toContain(field)
  })

  it('of the four steps have what finds a run', () => {
    const keys = /return \{ (execution_name[^}]*) \}/.exec(read('functions/_shared/step-handler.ts'))?.[1] ?? ''
    expect(keys).not.toBe('')
    for (const key of keys.split(', ')) expect(codes(section(page, '### Lines of the functions'))).toContain(key)
  })

  it('of the job have the fields of the page', () => {
    const body = /def progress_line.*?return json/s.exec(read('spark-jobs/tidegate_job/run.py'))?.[0] ?? ''
    const written = [...body.matchAll(/"([a-z]\w+)"(?=[:\],)])/g)].map(([, name]) => name)
    expect(written).toEqual(expect.arrayContaining(['time', 'inserted', 'stale', 'seconds']))
    for (const name of written)
      if (name !== 'milliseconds') expect(codes(section(page, '### Lines of the job'))).toContain(name)
  })
})

/** `key, result: x, ...file`: the keys, and those of the object literal that is spread. */
const namesIn = (fields: string, text: string): string[] =>
  fields.split(',').flatMap((field) => {
    const name = field.trim().split(':')[0] ?? ''
    if (!name.startsWith('...')) return name === '' ? [] : [name]
    const made = new RegExp(`const ${name.slice(3)} = await (\\w+)\\(`).exec(text)?.[1]
    const literals = made
      ? new RegExp(`function ${made}\\(.*?\\n\\}`, 's').exec(text)?.[0].matchAll(/return \{([^{}]+)\}/g)
      : text.matchAll(new RegExp(`const ${name.slice(3)} = [^\\n]*?\\{([^{}]+)\\}`, 'g'))
    const fields = [...(literals ?? [])].flatMap(([, literal]) => literal?.split(',') ?? [])
    if (fields.length === 0) throw new Error(`nothing says what \`${name}\` holds`)
    return fields.map((each) => each.trim().split(':')[0] ?? '')
  })
