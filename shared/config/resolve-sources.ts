/** Checks of `sources` that a schema can't say. */
import { type SourceConfig, sourceConfig } from '../contracts/config.ts'
import { shown } from '../files/shown.ts'
import type { ParsedConfig } from './parse.ts'
import type { Problem } from './problems.ts'
import type { SourceBlock } from './schema.ts'

/** Problems TG1219: a source that no key would fit, or two that take the same keys. */
export function resolveSources({ config, lineOf }: ParsedConfig): {
  sources: Record<string, SourceConfig>
  problems: Problem[]
} {
  const problems: Problem[] = []
  const sources: Record<string, SourceConfig> = {}
  const prefixes = new Map<string, string>()
  for (const [name, source] of Object.entries(config.sources)) {
    const path = ['sources', name]
    const report = (field: string, message: string) =>
      problems.push({
        code: 'TG1219',
        path: [...path, field],
        line: lineOf([...path, field]),
        message: `source \`${shown(name)}\` ${message}`,
      })

    for (const [field, message] of mistakesOf(source)) report(field, message)
    const twin = prefixes.get(source.prefix)
    if (twin !== undefined)
      report(
        'prefix',
        `has the prefix of \`${shown(twin)}\`, \`${shown(source.prefix)}\`: a key can belong to one source only, change one`,
      )
    prefixes.set(source.prefix, name)
    const read = sourceConfig.safeParse(source)
    if (read.success) sources[name] = read.data
  }
  if (Object.keys(config.sources).length === 0) {
    const message =
      '`sources` is empty: add one, such as `operational: { prefix: staging/, layout: "{schema}/{table}", shape: dms }`'
    problems.push({ code: 'TG1219', path: ['sources'], line: lineOf(['sources']), message })
  }
  return { sources, problems }
}

function* mistakesOf(source: SourceBlock): Generator<[field: string, message: string]> {
  const { prefix } = source
  if (prefix !== '' && !prefix.endsWith('/'))
    yield ['prefix', `has prefix \`${shown(prefix)}\` without a slash at its end: add it`]
  if (
    /\p{Cc}/u.test(prefix) ||
    prefix
      .split('/')
      .slice(0, -1)
      .some((part) => ['', '.', '..'].includes(part))
  )
    yield [
      'prefix',
      `has prefix \`${shown(prefix)}\`, which no key can have: take out empty parts, \`.\`, \`..\` and control characters`,
    ]
  if (source.layout === '{table}' && source.schema === undefined)
    yield ['schema', 'has a layout without {schema}: add `schema: …`']
  if (source.layout !== '{table}' && source.schema !== undefined)
    yield ['schema', 'takes the schema from a folder: remove `schema`, or use layout `{table}`']
  if (source.schema !== undefined && /[\p{Cc}/]/u.test(source.schema))
    yield ['schema', `has schema \`${shown(source.schema)}\`: take out slashes and control characters`]
  if (source.full_load && source.file_names !== 'any')
    yield [
      'full_load',
      'has `full_load`, but DMS names say themselves what is a full load: add `file_names: any`, or remove it',
    ]
}
