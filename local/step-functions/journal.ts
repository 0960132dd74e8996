/** Where the interpreter remembers: an append-only list of entries, in memory or as JSON lines in one file. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import { withRoom } from '../disk-room.ts'
import type { ExecutionRecord, HistoryEvent, MachineRecord, MapRunRecord } from './records.ts'

/** A later entry with the same ARN replaces an earlier one; events only ever add. */
export type JournalEntry =
  | { kind: 'machine'; record: MachineRecord }
  | { kind: 'machineDeleted'; arn: string }
  | { kind: 'execution'; record: ExecutionRecord }
  | { kind: 'mapRun'; record: MapRunRecord }
  | { kind: 'event'; executionArn: string; event: HistoryEvent }

export interface Journal {
  read(): JournalEntry[]
  append(entry: JournalEntry): void
}

/** Forgets everything at the end of the process. */
export const noJournal: Journal = { read: () => [], append: () => undefined }

/** One JSON line an entry. A line that a crash cut short was never acknowledged: reading drops it from the file. */
export function fileJournal(path: string): Journal {
  mkdirSync(dirname(path), { recursive: true })
  return {
    read() {
      if (!existsSync(path)) return []
      const bytes = readFileSync(path)
      const whole = bytes.lastIndexOf('\n') + 1
      if (whole < bytes.length) truncateSync(path, whole)
      const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1)
      return lines.map((line) => JSON.parse(line) as JournalEntry)
    },
    append(entry) {
      const bytes = existsSync(path) ? statSync(path).size : 0
      let again = false
      withRoom(() => {
        if (again) truncateSync(path, bytes) // a full disk may have taken half of the line
        again = true
        appendFileSync(path, `${JSON.stringify(entry)}\n`)
      })
    },
  }
}
