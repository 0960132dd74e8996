/** A story that explains: what happened to a file or a table, in order, where it stands now, and what to do next. */
import type { EpochMs } from '../../contracts/primitives.ts'

export interface Step {
  readonly stage:
    | 'put'
    | 'key'
    | 'event'
    | 'configuration'
    | 'schedule'
    | 'queue'
    | 'claim'
    | 'job'
    | 'commit'
    | 'ledger'
  /** `waits`: time alone brings it on. `stuck`: somebody must act. `ended`: it never comes to the table, and should not. */
  readonly state: 'done' | 'waits' | 'stuck' | 'ended'
  readonly at_ms: EpochMs | null
  readonly says: string
  /** What to do about it; null where there is nothing to do. */
  readonly next: string | null
}

export interface Story {
  /** `s3://bucket/key`; null for the story of a table. */
  readonly file: string | null
  /** Null where the key names none. */
  readonly table: string | null
  /** Of a table: whether everything that landed is in it. `unknown`: its batch was tried, and only the table can tell. */
  readonly in_table: 'yes' | 'no' | 'unknown'
  /** One sentence: why it is not in the table yet, or that it is. */
  readonly answer: string
  readonly steps: readonly Step[]
  readonly next_action: string
}

type Told = Partial<Pick<Step, 'at_ms' | 'next'>>
const step =
  (state: Step['state']) =>
  (stage: Step['stage'], says: string, { at_ms = null, next = null }: Told = {}): Step => ({
    stage,
    state,
    at_ms,
    says,
    next,
  })
export const done = step('done')
export const waits = step('waits')
export const stuck = step('stuck')
export const ended = step('ended')

const WORDS = { ended: 'it never comes to the table', stuck: 'stuck', waits: 'not yet', done: '' }

/** The story that these steps tell: where somebody must act comes first, then what only takes time, a run at work before a queue. */
export function storyOf(
  about: Pick<Story, 'file' | 'table'>,
  steps: readonly Step[],
  inTable: string,
  unknown = false,
): Story {
  const first = (state: Step['state']) => steps.find((one) => one.state === state)
  const claim = steps.find((one) => one.state === 'waits' && one.stage === 'claim')
  const at = first('ended') ?? first('stuck') ?? claim ?? first('waits')
  return {
    ...about,
    in_table: at === undefined ? 'yes' : unknown ? 'unknown' : 'no',
    answer: at === undefined ? inTable : `${WORDS[at.state]}: ${at.says}`,
    steps,
    next_action: at?.next ?? '-',
  }
}

/** 2023-11-18T10:10:12Z */
export const timeText = (at: EpochMs): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
/** Batch ids are long; twelve digits tell them apart, as `files` shows them. */
export const batchText = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)

/** 1 → `1 file`, 3 → `3 files`. */
export const filesText = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`
