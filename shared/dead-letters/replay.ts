/** Replaying: each letter goes back the way it came, and only then leaves its queue. Twice, or beside the original, is harmless. */
import { EngineError, messageOf } from '../errors.ts'
import type { DeadLetterQueue, Redelivery } from '../ports/dead-letters.ts'
import { type Chosen, giveBack, HIDE_SECONDS, type Letter, type LetterPorts, reader } from './choose.ts'

export interface ReplayPorts extends LetterPorts {
  readonly redelivery: Redelivery
  /** Only its executions are started: what a letter says of another machine counts for nothing. */
  readonly stateMachineArn: string
}

export interface Replayed {
  /** Where the queue service moved a whole queue, about. */
  readonly replayed: number
  /** Letters that stay where they were, and why; a few examples. */
  readonly stayed: number
  readonly reasons: readonly { readonly id: string; readonly reason: string }[]
}

const MOST_REASONS = 20

/** Replays what was chosen. What can't be replayed is given back. */
export async function replay(letters: readonly Letter[], ports: ReplayPorts): Promise<Replayed> {
  const { stay, ...result } = await redeliverEach(letters, ports)
  await giveBack(stay)
  return result
}

/** Every letter of every queue: by the queue service's own redrive where there is one for the queue, else one by one. */
export async function replayAll(ports: ReplayPorts): Promise<Replayed> {
  const results: Replayed[] = []
  for (const queue of ports.queues) {
    const moved = await ports.redelivery.moveAll(queue.name)
    results.push(moved === undefined ? await replayQueue(queue, ports) : { ...nothing, replayed: moved })
  }
  return results.reduce(added, nothing)
}

const nothing: Replayed = { replayed: 0, stayed: 0, reasons: [] }

const added = (one: Replayed, other: Replayed): Replayed => ({
  replayed: one.replayed + other.replayed,
  stayed: one.stayed + other.stayed,
  reasons: [...one.reasons, ...other.reasons].slice(0, MOST_REASONS),
})

/** Ends when no letter is visible; one that can't be replayed is met once, since it is hidden until the end. */
async function replayQueue(queue: DeadLetterQueue, ports: ReplayPorts): Promise<Replayed> {
  const read = await reader(ports)
  const stay: Letter[] = []
  let total = nothing
  try {
    for (;;) {
      const letters = read(await queue.take(HIDE_SECONDS), queue)
      if (letters.length === 0) return total
      const round = await redeliverEach(letters, ports)
      stay.push(...round.stay)
      total = added(total, round)
    }
  } finally {
    await giveBack(stay)
  }
}

// letter    in the queue, hidden ─ sent ─┬─ removed
// a crash here                           └► it is there still, and its event on the way: landing knows the file by its id
async function redeliverEach(letters: readonly Letter[], ports: ReplayPorts): Promise<Replayed & { stay: Letter[] }> {
  const stay: Letter[] = []
  const reasons: { id: string; reason: string }[] = []
  for (const letter of letters) {
    try {
      await redeliver(letter, ports)
      await letter.home.remove(letter)
    } catch (error) {
      stay.push(letter)
      if (reasons.length < MOST_REASONS) reasons.push({ id: letter.id, reason: messageOf(error) })
    }
  }
  return { replayed: letters.length - stay.length, stayed: stay.length, reasons, stay }
}

async function redeliver({ id, what, queue, body }: Letter, ports: ReplayPorts): Promise<void> {
  if (what.kind === 'event') return ports.redelivery.land(body)
  if (what.kind === 'reconcile') return ports.redelivery.reconcile()
  if (what.execution?.machine === ports.stateMachineArn) return ports.redelivery.start(what.execution)
  const why = what.execution
    ? `it names the state machine \`${what.execution.machine}\`, which is not this deployment's`
    : 'it is neither an event of S3 nor the start of a schedule'
  throw new EngineError(
    'TG5620',
    `the letter \`${id}\` of \`${queue}\` can't be replayed: ${why}. Look with \`tidegate dlq show ${id}\`, then discard it.`,
  )
}

/** Removes letters that somebody saw and agreed to. Throws EngineError TG5621, and removes none, if they are no longer in our hands. */
export async function discard({ letters, until_ms }: Chosen, ports: LetterPorts): Promise<number> {
  if (ports.clock.now() >= until_ms)
    throw new EngineError(
      'TG5621',
      `the ${letters.length} letters were shown over ${HIDE_SECONDS / 60} minutes ago, and others may have them by now. Nothing was discarded; look again.`,
    )
  for (const letter of letters) await letter.home.remove(letter)
  return letters.length
}
