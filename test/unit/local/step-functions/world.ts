/** A world for the interpreter without a wall clock: time jumps to the next sleeper as soon as nothing else can go on. */
import { randomUUID } from 'node:crypto'
import { Engine, type EngineOptions } from '../../../../local/step-functions/engine.ts'
import { noJournal } from '../../../../local/step-functions/journal.ts'
import type { Json, LambdaReply, SleepingClock, StepFunctionsPorts } from '../../../../local/step-functions/ports.ts'
import { stepFunctionsApi } from '../../../../local/step-functions/protocol.ts'
import type { ExecutionRecord, MachineRecord } from '../../../../local/step-functions/records.ts'

export const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5)

export class VirtualClock implements SleepingClock {
  #now = START_MS
  #sleepers: { at: number; wake: () => void }[] = []
  #scheduled = false

  now = () => this.#now

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.#now - START_MS
  }

  /** Who still waits. */
  get sleepers(): number {
    return this.#sleepers.length
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal.reason)
      }
      const wake = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const sleeper = { at: this.#now + ms, wake }
      this.#sleepers.push(sleeper)
      signal.addEventListener('abort', onAbort)
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      const next = this.#sleepers.toSorted((a, b) => a.at - b.at)[0]
      if (!next) return
      this.#sleepers = this.#sleepers.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
      this.#schedule()
    })
  }
}

export const ok = (payload: Json): LambdaReply => ({ statusCode: 200, payload })
export const functionFailed = (errorType: string, errorMessage: string): LambdaReply => ({
  statusCode: 200,
  functionError: 'Unhandled',
  payload: { errorType, errorMessage },
})

/** An exception as the SDK throws it. */
export function serviceException(name: string, message: string, status = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } })
}

export interface World {
  engine: Engine
  clock: VirtualClock
  api: ReturnType<typeof stepFunctionsApi>
}

export function world(ports: Partial<StepFunctionsPorts> = {}, options: EngineOptions = {}): World {
  const clock = new VirtualClock()
  const unexpected = (what: string) => async () => Promise.reject(new Error(`the test did not expect ${what}`))
  const engine = new Engine(
    {
      clock,
      random: () => 0.5,
      uuid: randomUUID,
      invokeLambda: unexpected('a function'),
      startJobRun: unexpected('a job'),
      getJobRun: unexpected('a look at a job'),
      stopJobRun: unexpected('a stop of a job'),
      readObject: unexpected('a read'),
      journal: noJournal,
      ...ports,
    },
    options,
  )
  return { engine, clock, api: stepFunctionsApi(engine) }
}

/** The definition of a machine with these states; the first is the start. */
export const definitionOf = (states: { [name: string]: unknown }): string =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states })

export function deploy(engine: Engine, definition: string, name = 'machine'): MachineRecord {
  engine.load(definition)
  const record: MachineRecord = {
    arn: `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`,
    name,
    definition,
    roleArn: 'arn:aws:iam::000000000000:role/machine',
    createdAt: START_MS,
    revisionId: '1',
    settings: {},
  }
  engine.store.put({ kind: 'machine', record })
  return record
}

/** Runs a machine to its end. */
export async function run(
  { engine }: World,
  definition: string,
  input: Json = {},
  name: string = randomUUID(),
): Promise<ExecutionRecord> {
  const { arn } = engine.start(deploy(engine, definition), name, JSON.stringify(input))
  return (await engine.ended(arn)) as ExecutionRecord
}

/** The output of a machine that must succeed. */
export async function outputOf(at: World, states: { [name: string]: unknown }, input: Json = {}): Promise<Json> {
  const ended = await run(at, definitionOf(states), input)
  if (ended.status !== 'SUCCEEDED') throw new Error(`${ended.status} ${ended.error}: ${ended.cause}`)
  return JSON.parse(ended.output as string)
}
