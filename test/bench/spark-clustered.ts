/** Changes to few of a table's files: what it brings to plan by the bounds of their keys. */
import type { Bench, Finding } from './page.ts'
import { type Measured, measureSpark, median, sparkMethod, sparkVersions } from './spark-session.ts'

function pruning({ seconds }: Measured, mode: string): Finding {
  const pruned = median(seconds[`${mode}, pruned`])
  const factor = median(seconds[`${mode}, not pruned`]) / pruned
  const what = `40,000 changes to one sixteenth of the keys of 1,369,769 rows, ${mode}`
  const measured = `${factor.toFixed(1)} × (${pruned.toFixed(2)} s)`
  return { what, target: '≥ 2 × faster with key bounds', measured, met: factor >= 2 }
}

const WHY = [
  'Without the bounds a batch already reads only the key columns of the table to find its rows, and writes again only the files that hold one: so both columns of this comparison skip most of what',
  "a `MERGE` without bounds reads, which is what the target was set against. What the bounds still save is the look for keys in the other files; the rest of a batch's time does not depend on them.",
].join(' ')

export const bench: Bench = {
  title: 'The Spark job: clustered keys',
  method: sparkMethod,
  versions: sparkVersions,
  run: async () => {
    const measured = await measureSpark('clustered')
    return { rows: ['merge_on_read', 'copy_on_write'].map((mode) => pruning(measured, mode)), notes: WHY }
  },
}
