/** Lines of logs, whoever wrote them, as one story in the order of time. */
import { stripVTControlCharacters } from 'node:util'
import type { EpochMs } from '../../shared/contracts/primitives.ts'

export interface LogLine {
  /** Null: the writer gave no time; the line follows the one before it. */
  readonly at_ms: EpochMs | null
  /** Who wrote it: `claim-batch 1`, `driver 1`, `summarise-run`. */
  readonly component: string
  readonly text: string
}

/** Log4j's own time, in the zone of the machine: `26/11/21 14:05:57 WARN …`. */
const log4jTime = /^(\d\d)\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) /

/** The lines of a driver's log file, which was written on this machine. */
export function driverLines(log: string, component: string): LogLine[] {
  return log
    .split('\n')
    .filter((text) => text.trim() !== '')
    .map((text) => {
      const [at_ms, rest] = text.startsWith('{') ? jobTime(text) : sparkTime(text)
      return { at_ms, component, text: readable(rest) }
    })
}

type Timed = readonly [at_ms: EpochMs | null, text: string]

function sparkTime(text: string): Timed {
  const [year = 0, ...rest] = (log4jTime.exec(text) ?? []).slice(1).map(Number)
  if (rest.length === 0) return [null, text]
  const [month = 1, day = 1, hours = 0, minutes = 0, seconds = 0] = rest
  const at_ms = new Date(2000 + year, month - 1, day, hours, minutes, seconds).getTime()
  return [at_ms, text.replace(log4jTime, '')]
}

/** The job's own lines are JSON, with the time in UTC. */
function jobTime(text: string): Timed {
  const { time, ...rest } = fieldsOf(text) ?? {}
  const at_ms = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return Number.isNaN(at_ms) ? [null, text] : [at_ms, jsonText(rest)]
}

/** What our functions' logger says of itself with every line. */
const boilerplate =
  /^(level|message|timestamp|service|cold_start|function_\w+|sampling_rate|xray_trace_id|execution_name|run_id|batch|refresh_cadence|error)$/

/** One event of a function's log: what it says, without what every line says; the stack of an error below it. */
export function functionLines(message: string, at_ms: EpochMs, component: string): LogLine[] {
  const fields = fieldsOf(message)
  if (fields === undefined || typeof fields.message !== 'string')
    return message
      .trimEnd()
      .split('\n')
      .map((text, index) => ({ at_ms: index === 0 ? at_ms : null, component, text: readable(text) }))
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !boilerplate.test(name)))
  const more = Object.keys(rest).length > 0 ? ` ${jsonText(rest)}` : ''
  const first = { at_ms, component, text: readable(`${textOf(fields.level)} ${fields.message}${more}`) }
  return [first, ...stackOf(fields.error).map((text) => ({ at_ms: null, component, text: readable(text) }))]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : jsonText(value))

/** What nests ten thousand levels deep can be parsed, and not written. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return '… (nested too deeply to be shown)'
  }
}

/** The fields of a line that is a JSON object, else undefined. */
export function fieldsOf(message: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(message)
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function stackOf(error: unknown): string[] {
  if (error === null || typeof error !== 'object') return []
  const { stack, message } = error as { stack?: unknown; message?: unknown }
  const text = Array.isArray(stack) ? stack.map(textOf).join('\n') : textOf(stack ?? message ?? '')
  return text.split('\n').map((line) => `  ${line.trim()}`)
}

/** Several logs as one: by time, each log's own order kept; a line without a time stays behind the one before it. */
export function merged(logs: readonly (readonly LogLine[])[], startMs: EpochMs): LogLine[] {
  const timed = logs.flatMap((lines) => {
    let last = lines.find((line) => line.at_ms !== null)?.at_ms ?? startMs
    return lines.map((line) => {
      // Never back in time within one log: its order is what surely happened.
      last = Math.max(last, line.at_ms ?? last)
      return { line, last }
    })
  })
  return timed.sort((a, b) => a.last - b.last).map(({ line }) => line)
}

/** Logs quote what others wrote: nothing of it may steer the terminal. */
const readable = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (char) =>
    char === '\t' ? '  ' : '\ufffd',
  )
