/** Many small tables in one application: what one table more costs. */
import type { Bench, Finding } from './page.ts'
import { type Measured, measureSpark, median, sparkMethod, sparkVersions } from './spark-session.ts'

const TABLES = 50

function aTable({ seconds }: Measured, mode: string): Finding {
  const each = median(seconds[mode]) / TABLES
  const what = `a table more of ${TABLES} with 20,000 rows and 2,400 changes each, ${mode}`
  return { what, target: '≤ 0.25 s', measured: `${each.toFixed(2)} s`, met: each <= 0.25 }
}

const WHY =
  'A table of this size is bound by what the driver does and not by its rows: of the samples of a profile (Flight Recorder, 16 tables, before the names that py4j looks up were kept), ' +
  'half were in threads that build and plan Spark jobs for Python, eight jobs a batch, and four tenths in tasks, a quarter of these in writing Parquet.'

export const bench: Bench = {
  title: 'The Spark job: small tables',
  method: sparkMethod,
  versions: sparkVersions,
  run: async () => {
    const measured = await measureSpark('small')
    return { rows: ['merge_on_read', 'copy_on_write'].map((mode) => aTable(measured, mode)), notes: WHY }
  },
}
