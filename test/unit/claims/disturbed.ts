/** The world's ports with something done around every call: dying at the nth one, or letting a scheduler choose who goes next. */
import type { World } from './world.ts'

type Around = <T>(name: string, call: () => Promise<T>) => Promise<T>
type Method = (...args: unknown[]) => Promise<unknown>

const DISTURBED = ['config', 'tables', 'files', 'objects', 'executions', 'jobRuns'] as const

/** The same world, state and all, behind `around`. */
export function around(world: World, each: Around): World {
  const wrapped = DISTURBED.map((port) => {
    const methods = Object.entries(world[port] as unknown as Record<string, Method>).map(([name, method]) => [
      name,
      // A listing is no promise; it is left as it is.
      name === 'list' ? method : (...args: unknown[]) => each(`${port}.${name}`, () => method(...args)),
    ])
    return [port, Object.fromEntries(methods)]
  })
  return { ...world, ...Object.fromEntries(wrapped) }
}

export class Died extends Error {}

/**
 * A process that dies at its nth call and never calls again; `done` says whether that call still took effect. Without `n` it
 * lives, and `calls()` says how many there were.
 */
export function dying(world: World, n = Number.POSITIVE_INFINITY, done = false) {
  let calls = 0
  const ports = around(world, async (name, call) => {
    calls += 1
    if (calls === n && done) await call()
    if (calls >= n) throw new Died(`died at call ${n}: ${name}`)
    return call()
  })
  return { ports, calls: () => calls }
}

/** Undefined if it died. Anything else that is thrown is thrown. */
export async function unlessDied<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Died || (error instanceof Error && error.cause instanceof Died)) return undefined
    throw error
  }
}
