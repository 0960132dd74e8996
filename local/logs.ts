/** What the parts of the local cloud write about their work: one file each below the data directory. */
import { appendFileSync } from 'node:fs'
import { withRoom } from './disk-room.ts'
import type { Journal, JournalEntry } from './step-functions/journal.ts'
import type { ExecutionRecord, HistoryEvent } from './step-functions/records.ts'

/** Below the data directory. Functions log to CloudWatch Logs, a job run's driver to `runs/<run id>/driver.log`. */
export const componentLogs = {
  emulator: 'logs/emulator.log',
  'event-sources': 'logs/event-sources.log',
  scheduler: 'logs/scheduler.log',
  'step-functions': 'logs/step-functions.log',
  glue: 'logs/glue.log',
} as const
export type Component = keyof typeof componentLogs

export type Report = (message: string) => void

/** Appends `<UTC time> <message>` to the component's file; line breaks of others don't begin a line of ours. */
export function reporter(file: (name: string) => string, component: Component): Report {
  const path = file(componentLogs[component])
  return (message) =>
    withRoom(() => appendFileSync(path, `${new Date().toISOString()} ${message.replaceAll('\n', '\n  ')}\n`))
}

/** The journal, told about in words: which execution is in which state, and how it ended; `onEnd` for those that are no Map's children. */
export function watchedJournal(journal: Journal, { report, onEnd }: { report: Report; onEnd: () => void }): Journal {
  return {
    read: () => journal.read(),
    append(entry) {
      journal.append(entry)
      const words = inWords(entry)
      if (words !== undefined) report(words)
      if (entry.kind === 'execution' && entry.record.status !== 'RUNNING' && !entry.record.mapRunArn) onEnd()
    },
  }
}

function inWords(entry: JournalEntry): string | undefined {
  if (entry.kind === 'execution') return `${named(entry.record)} ${entry.record.status}${reason(entry.record)}`
  if (entry.kind === 'machine') return `machine ${entry.record.name}: revision ${entry.record.revisionId}`
  if (entry.kind === 'event') return eventInWords(entry.executionArn, entry.event)
  return undefined
}

function eventInWords(arn: string, event: HistoryEvent): string | undefined {
  const [details = {}] = Object.entries(event).flatMap(([name, value]) => (name.endsWith('Details') ? [value] : []))
  const { name, error, cause } = details as { name?: unknown; error?: unknown; cause?: unknown }
  const who = `execution ${arn.split(':').at(-1)}`
  if (event.type.endsWith('StateEntered')) return `${who} in ${String(name)}`
  return /^Task(Failed|TimedOut|SubmitFailed)$/.test(event.type)
    ? `${who} ${event.type}${reason({ error, cause })}`
    : undefined
}

const named = ({ name, mapRunArn }: ExecutionRecord): string => `${mapRunArn ? 'child ' : ''}execution ${name}`
const reason = ({ error, cause }: { error?: unknown; cause?: unknown }): string =>
  error === undefined ? '' : ` ${String(error)}: ${String(cause ?? '').slice(0, 2_000)}`
