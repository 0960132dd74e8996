/** One large Hudi table: the job beside Hudi's own writer. */
import type { Bench, Finding } from './page.ts'
import { type Measured, measureSpark, median, sparkMethod, sparkVersions } from './spark-session.ts'

const TYPES = ['copy_on_write', 'merge_on_read'] as const
const WHY =
  "Hudi's own writer does less: it looks into no history and at no landed file, refuses no bad row, counts and remembers nothing, and writes none of our five columns. Its options are those that end in the right rows: " +
  '`EVENT_TIME_ORDERING` by the sequence, deletes as rows whose `_hoodie_is_deleted` is true.'

const seconds = (what: string, taken: number, floor: number): Finding => ({
  what,
  target: '-',
  measured: `${(taken / floor).toFixed(1)} × (${taken.toFixed(2)} s)`,
})

function rows({ seconds: measured }: Measured): Finding[] {
  const floor = median(measured.floor)
  const of = (name: string) => median(measured[name])
  const each = TYPES.flatMap((type) => [
    seconds(`full load, ${type}`, of(`full, ${type}`), floor),
    seconds(`Hudi's own \`bulk_insert\` of it, ${type}`, of(`bulk_insert, ${type}`), floor),
    seconds(`40,000 changes in 14 files, ${type}`, of(type), floor),
    seconds(`Hudi's own \`upsert\` of them, ${type}`, of(`upsert, ${type}`), floor),
  ])
  const first = {
    what: 'floor: Spark reads the 1,369,769 rows to nothing',
    target: '-',
    measured: `${floor.toFixed(2)} s`,
  }
  return [first, ...each]
}

export const bench: Bench = {
  title: 'The Spark job: one large Hudi table',
  method: sparkMethod,
  versions: [...sparkVersions, 'Hudi 1.0.2'],
  run: async () => ({ rows: rows(await measureSpark('hudi')), notes: WHY }),
}
