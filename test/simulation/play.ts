/** Histories on several cores: each worker takes every nth seed, so that the totals are the same however many there are. */
import { Worker } from 'node:worker_threads'
import { BUGS } from './bugs.ts'
import type { FaultKind } from './faults.ts'
import { runHistory } from './history.ts'
import { count, emptyTally, type Tally } from './tally.ts'

export interface Work {
  readonly seed: number
  readonly histories: number
  readonly kinds: readonly FaultKind[]
  /** A name of `BUGS`. */
  readonly bug: string | undefined
  readonly trace?: (line: string) => void
}

export interface Share extends Work {
  readonly worker: number
  readonly workers: number
}

/** So many histories at a time: a worker's message, and its sign of life. */
const CHUNK = 500

/** Plays all of them, and tells each part as it is done. One worker is this very thread. */
export async function play(work: Work, workers: number, told: (part: Tally) => void): Promise<void> {
  if (workers === 1) return playShare({ ...work, worker: 0, workers }, told)
  const shares = Array.from({ length: workers }, (_, worker): Share => ({ ...work, worker, workers }))
  await Promise.all(shares.map((share) => inThread(share, told)))
}

/** The histories of one worker, in parts. */
export async function playShare(share: Share, told: (part: Tally) => void): Promise<void> {
  const { kinds, trace } = share
  const bug = BUGS.find(({ name }) => name === share.bug)
  const options = { kinds, bug, ...(trace ? { trace } : {}) }
  let part = emptyTally()
  for (let played = share.worker; played < share.histories; played += share.workers) {
    count(part, await runHistory(share.seed + played, options))
    if (part.histories < CHUNK) continue
    told(part)
    part = emptyTally()
  }
  told(part)
}

/** A thread that fails or ends early fails them all: a part that is missing would pass for one without violations. */
const inThread = (share: Share, told: (part: Tally) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./worker.ts', import.meta.url), { workerData: share })
    let played = 0
    thread.on('message', (part: Tally) => {
      played += part.histories
      told(part)
    })
    thread.on('error', reject)
    thread.on('exit', () => {
      const owed = Math.ceil((share.histories - share.worker) / share.workers)
      if (played === Math.max(0, owed)) resolve()
      else reject(new Error(`worker ${share.worker} ended after ${played} of its ${owed} histories`))
    })
  })
