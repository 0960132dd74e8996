import { expect, it } from 'vitest'
import { driverLines, functionLines, merged } from '../../../cli/lib/log-lines.ts'
import { type JobRunFacts, type LogEvent, type LogSources, runLogs } from '../../../cli/lib/run-logs.ts'

const span = { startMs: 1_000, endMs: 99_000 }
const names = { functions: 'tidegate-x', job: 'spark' }

const event = (at_ms: number, fields: object, stream = 's'): LogEvent => ({
  at_ms,
  stream,
  message: JSON.stringify({ level: 'INFO', service: 'any', ...fields }),
})
const raw = (at_ms: number, message: string, stream: string): LogEvent => ({ at_ms, stream, message })
const jobRun = (id: string, run_id: string, log_file: string | null = null): JobRunFacts => ({
  id,
  run_id,
  state: 'SUCCEEDED',
  log_file,
})

const groups: Record<string, LogEvent[]> = {
  '/aws/lambda/tidegate-x-batch-manager': [event(2_000, { message: 'step done', execution_name: 'x' })],
  '/aws/lambda/tidegate-x-claim-batch': [
    event(3_000, { message: 'step done', execution_name: 'x', batch: 1, output: { claimed: 2 } }),
    event(3_100, { message: 'step done', execution_name: 'x', batch: 2 }),
    event(3_200, { message: 'step done', execution_name: 'x-2', batch: 1 }),
  ],
  '/aws/lambda/tidegate-x-settle-batch': [
    event(8_000, { message: 'step failed', level: 'ERROR', execution_name: 'x', batch: 1, run_id: 'x-1-0' }),
    event(9_000, { message: 'step done', execution_name: 'x', batch: 1, run_id: 'x-1-1' }),
  ],
  '/tidegate/spark/output': [raw(5_000, 'of the driver\n', 'jr_1'), raw(5_500, 'of an executor', 'jr_1_g-77')],
  '/tidegate/spark/error': [raw(4_000, 'Traceback\n  line 1\n', 'jr_1'), raw(6_000, 'second', 'jr_2')],
}

function sources(jobRuns: JobRunFacts[], files: Record<string, string> = {}): LogSources {
  return {
    execution: async (name) => (name === 'x' || name === 'y-1-0' ? span : undefined),
    jobRuns: async () => jobRuns,
    events: async (group, _, narrowed) =>
      (groups[group] ?? []).filter((one) =>
        'phrase' in narrowed ? one.message.includes(narrowed.phrase) : one.stream.startsWith(narrowed.streamPrefix),
      ),
    file: async (path) => files[path],
  }
}

const told = async (run: string, from: LogSources) =>
  (await runLogs(run, names, from)).lines.map((line) => `${line.component}: ${line.text}`)

const onAws = sources([jobRun('jr_1', 'x-1-0'), jobRun('jr_2', 'x-2-0'), jobRun('jr_3', 'x-2-1-0')])

it('an execution is all of its batches, by time, and nobody else', async () => {
  expect(await told('x', onAws)).toEqual([
    'batch-manager: INFO step done',
    'claim-batch 1: INFO step done {"output":{"claimed":2}}',
    'claim-batch 2: INFO step done',
    'driver 1: Traceback',
    'driver 1:   line 1',
    'driver 1: of the driver',
    'driver 2: second',
    'settle-batch 1: ERROR step failed',
    'settle-batch 1: INFO step done',
  ])
})

it('a run is one batch and one attempt, with the steps that work for the whole execution', async () => {
  expect(await told('x-1-0', onAws)).toEqual([
    'batch-manager: INFO step done',
    'claim-batch 1: INFO step done {"output":{"claimed":2}}',
    'driver 1: Traceback',
    'driver 1:   line 1',
    'driver 1: of the driver',
    'settle-batch 1: ERROR step failed',
  ])
})

it('an execution whose name looks like a run id is an execution', async () => {
  expect(await runLogs('y-1-0', names, onAws)).toMatchObject({ execution: 'y-1-0', run_id: null })
})

it.each(['nobody', 'nobody-1-0', 'x" -y', ''])('`%s` is no run', (run) =>
  expect(runLogs(run, names, onAws)).rejects.toMatchObject({ code: 'TG2501' }),
)

it('on the local cloud the driver has a file, or had one', async () => {
  const local = sources([jobRun('jr_1', 'x-1-0', '/runs/1'), jobRun('jr_2', 'x-2-0', '/runs/2')], {
    '/runs/1': 'hello',
  })
  const lines = await told('x', local)
  expect(lines).toContain('driver 1: hello')
  expect(lines).toContain('driver 2: its log `/runs/2` is not there any more')
})

it('a driver tells its time where it has one; the lines below stay below', () => {
  const at = new Date(2026, 10, 21, 14, 5, 57).getTime()
  const log = 'WARNING: first\n26/11/21 14:05:57 WARN A: a\n\n\tat frame\n{"table": "t"}\n'
  const driver = driverLines(log, 'driver 1')
  expect(driver.map((line) => [line.at_ms, line.text])).toEqual([
    [null, 'WARNING: first'],
    [at, 'WARN A: a'],
    [null, '  at frame'],
    [null, '{"table": "t"}'],
  ])
  const other = (at_ms: number) => ({ at_ms, component: 'step', text: String(at_ms - at) })
  const story = merged([[other(at - 1), other(at + 1)], driver], 0).map((line) => line.text)
  expect(story).toEqual(['-1', 'WARNING: first', 'WARN A: a', '  at frame', '{"table": "t"}', '1'])
})

it('a line of the job itself has its time in UTC, to the millisecond; what only looks like one has none', () => {
  const log = [
    '{"time": "2026-11-21T14:05:57.123Z", "table": "t", "seconds": 1.5}',
    '{"time": "yesterday", "table": "t"}',
    '{"time": "2026-11-21T14:05:57.123Z", cut',
  ].join('\n')
  expect(driverLines(log, 'driver 1').map((line) => [line.at_ms, line.text])).toEqual([
    [Date.UTC(2026, 10, 21, 14, 5, 57, 123), '{"table":"t","seconds":1.5}'],
    [null, '{"time": "yesterday", "table": "t"}'],
    [null, '{"time": "2026-11-21T14:05:57.123Z", cut'],
  ])
})

it('an error has its stack, and nothing in a log steers the terminal', () => {
  const error = { name: 'InputError', message: 'TG2030: no', stack: 'InputError: TG2030: no\n    at step (a.ts:1)' }
  const message = JSON.stringify({ level: 'ERROR', message: 'step \u001b[2Jfailed\u0007\u202e', error })
  expect(functionLines(message, 5, 'step').map((line) => [line.at_ms, line.text])).toEqual([
    [5, 'ERROR step failed\ufffd\ufffd'],
    [null, '  InputError: TG2030: no'],
    [null, '  at step (a.ts:1)'],
  ])
})
