/** One large table: full load and changes, as ratios to Spark reading the full load to nothing. */
import type { Bench, Finding, Findings } from './page.ts'
import { type Measured, measureSpark, median, sparkMethod, sparkVersions } from './spark-session.ts'

const WHY = [
  "Spark's own statements do less: they look into no history and at no landed file, fold nothing, refuse no bad row, count and remember nothing, and write none of our five columns.",
  'They are measured beside ours to tell what of a ratio is the engine, and what is ours. Of the changes, the engine alone is over two of the three targets on this machine.',
  'What ours adds to a full load: a pass over the keys that finds whether one comes twice (the phase `read`), and the five columns.',
  'To a merge on read: the look at each landed file and its footer, the fold, and the planning of eight small Spark jobs. Copy on write takes what the rewriting of the files takes.',
].join(' ')

function against(what: string, seconds: number, floor: number, most: number): Finding {
  const ratio = seconds / floor
  const measured = `${ratio.toFixed(1)} × (${seconds.toFixed(2)} s)`
  return { what, target: `≤ ${most} × floor`, measured, met: ratio <= most }
}

function findings({ seconds, phases = {} }: Measured): Findings {
  const floor = median(seconds.floor)
  const bare = (what: string, name: string): Finding => ({
    what: `Spark's own ${what}`,
    target: '-',
    measured: `${(median(seconds[name]) / floor).toFixed(1)} × (${median(seconds[name]).toFixed(2)} s)`,
  })
  const rows = [
    { what: 'floor: Spark reads the 1,369,769 rows to nothing', target: '-', measured: `${floor.toFixed(2)} s` },
    against('full load of these rows', median(seconds['full, merge_on_read']), floor, 4.2),
    bare('`CREATE TABLE AS SELECT` of them', 'CREATE TABLE AS SELECT, merge_on_read'),
    against('40,000 changes in 14 files, merge on read', median(seconds.merge_on_read), floor, 1.7),
    bare('`MERGE` of them, merge on read', 'MERGE, merge_on_read'),
    against('40,000 changes in 14 files, copy on write', median(seconds.copy_on_write), floor, 6.5),
    bare('`MERGE` of them, copy on write', 'MERGE, copy_on_write'),
  ]
  return { rows, notes: `${WHY}\n\n${profile(phases)}` }
}

/** Median seconds of each phase that the outcomes name. */
function profile(phases: NonNullable<Measured['phases']>): string {
  const line = (name: string) => {
    const rounds = phases[name] ?? []
    const steps = Object.keys(rounds[0] ?? {})
    const shares = steps.map((step) => `${step} ${median(rounds.map((round) => round[step] ?? 0)).toFixed(2)} s`)
    return `- ${name}: ${shares.join(', ')}`
  }
  const lines = Object.keys(phases).map(line)
  return ['Where the time goes, by the phases of the outcomes (medians):', '', ...lines].join('\n')
}

export const bench: Bench = {
  title: 'The Spark job: one large table',
  method: sparkMethod,
  versions: sparkVersions,
  run: async () => findings(await measureSpark('large')),
}
