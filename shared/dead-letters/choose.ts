/** Finding dead letters: a queue has no look-up, so letters are taken, looked at, and given back. */
import type { EpochMs } from '../contracts/primitives.ts'
import type { Sources } from '../files/parse-key.ts'
import type { Clock } from '../ports/clock.ts'
import type { DeadLetter, DeadLetterQueue } from '../ports/dead-letters.ts'
import { type Understood, understand } from './understand.ts'

export interface Letter extends DeadLetter {
  readonly what: Understood
  readonly home: DeadLetterQueue
}

export interface Chosen {
  /** In our hands until `until_ms`: before that nobody else can replay or discard them. */
  readonly letters: readonly Letter[]
  readonly until_ms: EpochMs
  /** True if there are more than `atMost`. */
  readonly more: boolean
}

export interface LetterPorts {
  readonly queues: readonly DeadLetterQueue[]
  /** Undefined while no configuration is applied. */
  readonly sources: () => Promise<Sources | undefined>
  readonly stagingBucket: string
  readonly clock: Clock
}

/** Long enough for somebody to read a preview and agree to it. */
export const HIDE_SECONDS = 300

/** Letters that are held to be given back. What a longer queue has beyond them comes back by itself, after `HIDE_SECONDS`. */
const MOST_HELD = 10_000

/**
 * Goes through every queue, at most once, and keeps what is `wanted`, at most `atMost`; the rest is given back. Ends early when
 * it has enough.
 */
export async function choose(wanted: (letter: Letter) => boolean, atMost: number, ports: LetterPorts): Promise<Chosen> {
  const until_ms = ports.clock.now() + HIDE_SECONDS * 1000
  const read = await reader(ports)
  const found = await Promise.all(ports.queues.map((queue) => fromQueue(queue, wanted, atMost, read)))
  const letters = found.flat()
  const surplus = letters.splice(atMost)
  await giveBack(surplus)
  return { letters, until_ms, more: surplus.length > 0 }
}

type Reader = (letters: readonly DeadLetter[], home: DeadLetterQueue) => Letter[]

/** Understands letters by the sources that are applied now. */
export async function reader({ sources, stagingBucket }: LetterPorts): Promise<Reader> {
  const applied = await sources()
  return (letters, home) =>
    letters.map((letter) => ({ ...letter, home, what: understand(letter, applied, stagingBucket) }))
}

async function fromQueue(
  queue: DeadLetterQueue,
  wanted: (letter: Letter) => boolean,
  atMost: number,
  read: Reader,
): Promise<Letter[]> {
  const kept: Letter[] = []
  const others: Letter[] = []
  try {
    // One more than is asked for tells whether there are more.
    while (kept.length <= atMost) {
      const taken = read(await queue.take(HIDE_SECONDS), queue)
      if (taken.length === 0) break
      for (const letter of taken) {
        if (wanted(letter)) kept.push(letter)
        else if (others.length < MOST_HELD) others.push({ ...letter, body: '' }) // the receipt is all it takes
      }
    }
    return kept
  } finally {
    await giveBack(others)
  }
}

/** To the queues that they are of. */
export async function giveBack(letters: readonly Letter[]): Promise<void> {
  for (const home of new Set(letters.map((letter) => letter.home)))
    await home.giveBack(letters.filter((letter) => letter.home === home))
}
