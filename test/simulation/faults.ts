/** The fault plan: which faults strike where. The seed and the name of the place decide, so that a run can be had again without one of them. */
import { NOT_TOGETHER } from './known.ts'
import { fractionOf, hashOf, Random } from './random.ts'

/** Each kind with the chance that it strikes where it can, in a history that has it at all. */
const CHANCE = {
  'event-duplicate': 0.25,
  'event-dropped': 0.2,
  'event-late': 0.2,
  'event-reordered': 0.4,
  'queue-visibility-expires': 0.15,
  'queue-message-fails': 0.15,
  'dies-before-call': 0.02,
  'dies-after-call': 0.04,
  'write-landed-but-timed-out': 0.04,
  'write-landed-and-was-repeated': 0.05,
  'call-throttled': 0.02,
  'call-slow': 0.02,
  'lambda-answer-lost': 0.1,
  'clock-of-lambda-wrong': 0.1,
  'job-start-refused': 0.2,
  'job-start-unclear': 0.15,
  'job-started-twice': 0.2,
  'job-state-unreadable': 0.12,
  'job-killed-before-commit': 0.15,
  'job-killed-in-commit': 0.15,
  'job-killed-after-commit': 0.2,
  'job-zombie': 0.15,
  'job-slow': 0.2,
  'job-storage-fails': 0.12,
  'job-commit-unknown': 0.15,
  'job-outcome-garbled': 0.1,
} as const

/** What happens from outside, by the script of the history: see script.ts. */
const ACTIONS = [
  'events-redelivered-late',
  'key-overwritten',
  'file-late',
  'file-put-again',
  'file-poisoned',
  'file-gone-for-a-while',
  'tick-twice',
  'tick-missed',
  'execution-aborted',
  'execution-redriven',
  'dead-letters-replayed-twice',
  'configuration-changed',
  'history-expired',
  'operator-in-between',
  'reconciled-in-between',
  'reload-in-the-middle',
  'rows-lost-and-backfilled',
  'rebuilt-in-between',
  'table-truncated',
] as const

export type Strike = keyof typeof CHANCE
export type FaultKind = Strike | (typeof ACTIONS)[number]
export const FAULT_KINDS: readonly FaultKind[] = [...(Object.keys(CHANCE) as Strike[]), ...ACTIONS]

const NUMBER = new Map(FAULT_KINDS.map((kind, index) => [kind, index * 7919 + 13]))

/** Share of the kinds that one history has: few kinds at once make deeper histories than all of them. */
const KINDS_SHARE = 0.4

/** A name, and how many steps it has made. */
export interface Actor {
  readonly name: string
  readonly hash: number
  steps: number
}

export const actorNamed = (name: string): Actor => ({ name, hash: hashOf(name), steps: 0 })

export class Faults {
  readonly #seed: number
  readonly #kinds: ReadonlySet<FaultKind>
  readonly #spared: ReadonlySet<string>
  readonly struck: { readonly kind: FaultKind; readonly id: string }[] = []
  /** Faults have stopped: from here on everything must come to its end. */
  over = false

  /** `allowed` are the kinds asked for, `spared` the ids that must not strike this time. */
  constructor(seed: number, allowed: readonly FaultKind[], spared: ReadonlySet<string>) {
    const random = new Random(seed, 'kinds of faults')
    this.#seed = seed
    this.#kinds = compatible(allowed.filter(() => random.chance(KINDS_SHARE)))
    this.#spared = spared
  }

  has(kind: FaultKind): boolean {
    return this.#kinds.has(kind)
  }

  /** Whether this kind strikes at this step of this actor. */
  strikes(kind: Strike, actor: Actor): boolean {
    if (this.over || !this.#kinds.has(kind)) return false
    if (fractionOf(this.#seed, actor.hash + (NUMBER.get(kind) ?? 0), actor.steps) >= CHANCE[kind]) return false
    const id = `${kind}@${actor.name}#${actor.steps}`
    if (this.#spared.has(id)) return false
    this.struck.push({ kind, id })
    return true
  }

  /** An action of the script that is itself a fault. */
  happened(kind: FaultKind): void {
    this.struck.push({ kind, id: '' })
  }
}

function compatible(kinds: readonly FaultKind[]): Set<FaultKind> {
  const chosen = new Set(kinds)
  for (const { kind, without } of NOT_TOGETHER) if (chosen.has(kind)) for (const other of without) chosen.delete(other)
  return chosen
}
