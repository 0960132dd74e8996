/** How many mutants (small deliberate bugs) of each folder of the core the tests find, read from Stryker's report. */
import type { Tally } from './results.ts'

export interface FolderScore {
  readonly folder: string
  readonly killed: number
  /** Found too: the mutant ran into an endless loop. */
  readonly timedOut: number
  readonly survived: number
  /** No test runs it: survived too. */
  readonly uncovered: number
  /** Percent of those that say something; mutants that don't load say nothing. */
  readonly score: number
}

/** Percent that each folder has to reach; stryker.config.json asks as much of the whole. */
const LEAST_SCORE = 85

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>
}

/** By folder (`shared/claims`), in the order of names; then, under `all`, the sum. */
export function scoresOf(json: string): FolderScore[] {
  const statuses = new Map<string, string[]>()
  for (const [path, { mutants }] of Object.entries((JSON.parse(json) as Report).files)) {
    const folder = path.split('/').slice(0, 2).join('/')
    statuses.set(folder, [...(statuses.get(folder) ?? []), ...mutants.map(({ status }) => status)])
  }
  const folders = [...statuses].sort(([a], [b]) => (a < b ? -1 : 1))
  return [...folders, ['all', [...statuses.values()].flat()] as const].map(([folder, of]) => scoreOf(folder, of))
}

function scoreOf(folder: string, statuses: readonly string[]): FolderScore {
  const count = (wanted: string) => statuses.filter((status) => status === wanted).length
  const [killed, timedOut] = [count('Killed'), count('Timeout')]
  const [survived, uncovered] = [count('Survived'), count('NoCoverage')]
  const all = killed + timedOut + survived + uncovered
  return { folder, killed, timedOut, survived, uncovered, score: all === 0 ? 100 : (100 * (killed + timedOut)) / all }
}

/** A folder counts as a test: it passes if its score is high enough. */
export function tallyOfScores(scores: readonly FolderScore[]): Tally {
  const folders = scores.filter(({ folder }) => folder !== 'all')
  const low = folders.filter(({ score }) => score < LEAST_SCORE)
  const note = low.map(({ folder, score }) => `${folder} has ${score.toFixed(1)} %`).join(', ')
  const counts = { passed: folders.length - low.length, failed: low.length, skipped: 0 }
  return low.length === 0 ? counts : { ...counts, note: `${note}: at least ${LEAST_SCORE} % is asked for` }
}

/** Lines of a Markdown table, as docs/evidence/mutation.md has them. */
export const scoreLines = (scores: readonly FolderScore[]): string[] => [
  '| folder | killed | timed out | survived | no test runs it | score |',
  '|---|--:|--:|--:|--:|--:|',
  ...scores.map(
    ({ folder, killed, timedOut, survived, uncovered, score }) =>
      `| ${folder} | ${killed} | ${timedOut} | ${survived} | ${uncovered} | ${score.toFixed(1)} % |`,
  ),
]
