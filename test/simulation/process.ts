/** One invocation of a Lambda: the real use case over ports that a fault may strike at every call. */
import { LedgerError } from '../../shared/errors.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { type Actor, actorNamed, type Faults, type Strike } from './faults.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { callText } from './trace.ts'

type Method = (...args: never[]) => Promise<unknown>
type Port = Readonly<Record<string, Method>>

/** Calls that change something: what may land though the caller is told otherwise. */
const WRITES = new Set(['replace', 'land', 'move', 'put', 'putIfAbsent', 'copy'])

/** They give a page at a time, and are not disturbed. */
const LISTS = new Set(['list', 'listed', 'everyWaiting'])
/** Ports that are a service somewhere else. */
const DISTURBED = new Set(['config', 'files', 'census', 'tables', 'objects', 'executions', 'jobRuns'])

/** What the state machine's Retry names, for a Lambda that broke and for an error of ours that is worth another call. */
export class InvocationFailed extends Error {
  readonly retried: boolean
  constructor(message: string, retried: boolean) {
    super(message)
    this.retried = retried
  }
}

export interface Surroundings {
  readonly scheduler: Scheduler
  readonly faults: Faults
  readonly clock: Clock
  readonly random: Random
  readonly trace?: ((line: string) => void) | undefined
}

const MINUTE_MS = 60_000
const never = <T>(): Promise<T> => new Promise<T>(() => {})

/** A process that makes calls until it is done, or dead. A dead one never hears of anything again. */
export class Process {
  readonly actor: Actor
  readonly died: Promise<never>
  readonly #around: Surroundings
  readonly #skewMs: number
  #dead = false
  #stallMs = 0
  #bury: (error: InvocationFailed) => void = () => {}

  constructor(name: string, around: Surroundings) {
    this.actor = actorNamed(name)
    this.#around = around
    this.died = new Promise((_, reject) => {
      this.#bury = reject
    })
    this.died.catch(() => {})
    this.#skewMs = around.faults.strikes('clock-of-lambda-wrong', this.actor)
      ? (around.random.below(240) - 120) * MINUTE_MS
      : 0
  }

  get clock(): Clock {
    const { clock } = this.#around
    return this.#skewMs === 0 ? clock : { now: () => clock.now() + this.#skewMs }
  }

  kill(why: string): void {
    if (this.#dead) return
    this.#dead = true
    this.#around.trace?.(`${this.actor.name}  † ${why}`)
    this.#bury(new InvocationFailed(why, this.#around.random.chance(0.6)))
  }

  /** Its next call takes so long: a process whose caller has given up is in no hurry. */
  stall(ms: number): void {
    this.#stallMs = ms
  }

  /** The same ports, each call of which is one step of this process. */
  through<T extends object>(doors: Doors<T>): T {
    const opened: Record<string, unknown> = { ...doors.ports, clock: this.clock }
    for (const [name, port, Door] of doors.classes) opened[name] = new Door(this, port)
    return opened as T
  }

  async call({ name, writes, method }: Call, port: Port, args: never[]): Promise<unknown> {
    const { scheduler, trace } = this.#around
    await scheduler.turn()
    if (this.#dead) return never()
    this.actor.steps += 1
    if (this.#strikes('call-slow')) this.stall(this.#around.random.below(14) * MINUTE_MS)
    if (this.#stallMs > 0) {
      const ms = this.#stallMs
      this.#stallMs = 0
      await scheduler.sleep(ms)
      if (this.#dead) return never()
    }
    trace?.(`${this.actor.name}  ${callText(name, args)}`)
    if (this.#strikes('dies-before-call')) return this.#die('before it took effect')
    if (this.#strikes('call-throttled')) throw this.#trouble('TG3111', 'throttled', 'transient')
    if (!writes) return port[method]?.(...args)
    if (this.#strikes('write-landed-and-was-repeated')) {
      const first = await port[method]?.(...args)
      const second = await port[method]?.(...args)
      trace?.('    the answer was lost, and the client repeated it')
      return name === 'objects.putIfAbsent' ? first : second
    }
    const result = await port[method]?.(...args)
    if (this.#strikes('dies-after-call')) return this.#die('after it took effect')
    if (this.#strikes('write-landed-but-timed-out')) throw this.#trouble('TG3112', 'timed out', 'unknown')
    return result
  }

  #strikes(kind: Strike): boolean {
    return this.#around.faults.strikes(kind, this.actor)
  }

  #die(why: string): Promise<never> {
    this.kill(`dies ${why}`)
    return never()
  }

  #trouble(code: `TG${number}`, what: string, certainty: 'transient' | 'unknown'): LedgerError {
    this.#around.trace?.(`    ${what}`)
    return new LedgerError(code, `simulated: ${what}. Try again.`, { certainty })
  }
}

interface Call {
  /** `tables.get`. */
  readonly name: string
  readonly writes: boolean
  readonly method: string
}

type DoorClass = new (process: Process, port: Port) => object

/** The ports as every process of a history reaches them. */
export interface Doors<T> {
  readonly ports: T
  readonly classes: readonly (readonly [name: string, port: Port, Door: DoorClass])[]
}

export const doorsTo = <T extends object>(ports: T): Doors<T> => ({
  ports,
  classes: Object.entries(ports).flatMap(([name, port]) =>
    DISTURBED.has(name) ? [[name, port as Port, doorTo(name, port as Port)] as const] : [],
  ),
})

/** One class a port for all histories: the engine's inline caches live on that. */
const doors = new Map<string, DoorClass>()

function doorTo(name: string, port: Port): DoorClass {
  const known = doors.get(name)
  if (known) return known
  class Door {
    readonly process: Process
    readonly port: Port
    constructor(process: Process, port: Port) {
      this.process = process
      this.port = port
    }
  }
  for (const method of methodsOf(port)) Object.assign(Door.prototype, { [method]: methodOf(name, method) })
  doors.set(name, Door)
  return Door
}

function methodOf(port: string, method: string) {
  const call: Call = { name: `${port}.${method}`, writes: WRITES.has(method), method }
  return LISTS.has(method)
    ? function (this: { port: Port }, ...args: never[]) {
        return this.port[method]?.(...args)
      }
    : function (this: { process: Process; port: Port }, ...args: never[]) {
        return this.process.call(call, this.port, args)
      }
}

/** Of a plain object, or of an instance of one of the simulator's classes. */
const methodsOf = (port: Port): string[] =>
  Object.getPrototypeOf(port) === Object.prototype
    ? Object.keys(port)
    : Object.getOwnPropertyNames(Object.getPrototypeOf(port)).filter((name) => name !== 'constructor')
