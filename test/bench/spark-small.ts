/** Many small tables in one application: what one table more costs. */
import type { Bench, Finding } from './page.ts'
import { type Measured, measureSpark, median, sparkMethod, sparkVersions } from './spark-session.ts'

const TABLES = 50

function aTable({ seconds }: Measured, mode: string): Finding {
  const each = median(seconds[mode]) / TABLES
  const what = `a table more of ${TABLES} with 20,000 rows and 2,400 changes each, ${mode}`
  return { what, target: '≤ 0.25 s', measured: `${each.toFixed(2)} s`, met: each <= 0.25 }
}

export const bench: Bench = {
  title: 'The Spark job: small tables',
  method: sparkMethod,
  versions: sparkVersions,
  run: async () => {
    const measured = await measureSpark('small')
    return { rows: ['merge_on_read', 'copy_on_write'].map((mode) => aTable(measured, mode)) }
  },
}
