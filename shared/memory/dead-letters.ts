/** Dead-letter queues in memory, with SQS's hiding; and redeliveries that are only written down. */
import type { Clock } from '../ports/clock.ts'
import type { DeadLetter, DeadLetterQueue, Redelivery } from '../ports/dead-letters.ts'

export interface MemoryDeadLetterQueue extends DeadLetterQueue {
  put(body: string, attributes?: Readonly<Record<string, string>>): string
}

/** As many as SQS gives at once. */
const MOST_AT_ONCE = 10

export function createMemoryDeadLetterQueue(name: string, clock: Clock): MemoryDeadLetterQueue {
  const letters = new Map<string, DeadLetter & { hiddenUntilMs: number }>()
  let count = 0
  const visible = () => [...letters.values()].filter(({ hiddenUntilMs }) => hiddenUntilMs <= clock.now())
  /** A receipt counts until the letter is received again. */
  const held = ({ id, receipt }: DeadLetter) => {
    const letter = letters.get(id)
    return letter?.receipt === receipt ? letter : undefined
  }
  return {
    name,
    put: (body, attributes = {}) => {
      const id = `${name}-${++count}`
      letters.set(id, {
        id,
        queue: name,
        body,
        attributes,
        sent_ms: clock.now(),
        receives: 0,
        receipt: '',
        hiddenUntilMs: 0,
      })
      return id
    },
    depth: async () => ({ waiting: visible().length, hidden: letters.size - visible().length }),
    take: async (hideSeconds) =>
      visible()
        .slice(0, MOST_AT_ONCE)
        .map((letter) => {
          const receives = letter.receives + 1
          const taken = { ...letter, receives, receipt: `${letter.id}/${receives}` }
          letters.set(letter.id, { ...taken, hiddenUntilMs: clock.now() + hideSeconds * 1000 })
          const { hiddenUntilMs: _, ...given } = taken
          return given
        }),
    giveBack: async (back) => {
      for (const one of back) {
        const letter = held(one)
        if (letter) letters.set(one.id, { ...letter, hiddenUntilMs: 0 })
      }
    },
    remove: async (letter) => {
      if (held(letter)) letters.delete(letter.id)
    },
  }
}

export interface MemoryRedelivery extends Redelivery {
  readonly done: { readonly landed: string[]; readonly started: string[]; reconciled: number }
}

/** No queue can be moved as a whole. */
export function createMemoryRedelivery(): MemoryRedelivery {
  const done = { landed: [] as string[], started: [] as string[], reconciled: 0 }
  return {
    done,
    land: async (body) => void done.landed.push(body),
    start: async ({ name }) => {
      if (!done.started.includes(name)) done.started.push(name)
    },
    reconcile: async () => {
      done.reconciled += 1
    },
    moveAll: async () => undefined,
  }
}
