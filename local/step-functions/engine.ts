/** Starts, stops and ends executions and map runs, and records each of them. */
import { messageOf } from '../../shared/errors.ts'
import type { Machine, MapState } from './definition.ts'
import { CloudClosing, ExecutionStopped, StateError } from './errors.ts'
import { History } from './history.ts'
import { loadDefinition } from './load.ts'
import type { Json, StepFunctionsPorts } from './ports.ts'
import {
  cutCause,
  cutError,
  type ExecutionRecord,
  executionArn,
  type Identity,
  type MachineRecord,
  type MapRunRecord,
  machineNameOf,
  mapRunArn,
} from './records.ts'
import { walk } from './run.ts'
import { Store } from './store.ts'
import type { MapRun, Run } from './visit.ts'

export interface EngineOptions extends Partial<Identity> {
  /** Between two looks at a job run, milliseconds. */
  pollMs?: number
}

export class Engine {
  readonly store: Store
  readonly identity: Identity
  readonly ports: StepFunctionsPorts
  readonly #pollMs: number
  readonly #running = new Map<string, { controller: AbortController; ended: Promise<ExecutionRecord> }>()
  readonly #loaded = new Map<string, Machine>()

  constructor(ports: StepFunctionsPorts, options: EngineOptions = {}) {
    this.ports = ports
    this.identity = { accountId: options.accountId ?? '000000000000', region: options.region ?? 'us-east-1' }
    this.#pollMs = options.pollMs ?? 1_000
    this.store = new Store(ports.journal, ports.clock.now())
  }

  /** The checked machine of a definition. Throws `DefinitionRefused`. */
  load(definition: string): Machine {
    const known = this.#loaded.get(definition)
    if (known) return known
    const machine = loadDefinition(definition)
    this.#loaded.set(definition, machine)
    return machine
  }

  /** Starts without looking whether the name was used before. An execution keeps the definition that it began with. */
  start(machine: MachineRecord, name: string, input: string): ExecutionRecord {
    const arn = executionArn(this.identity, machine.name, name)
    const record = this.#newRecord(arn, name, machine.arn, machine.roleArn, input)
    this.#begin(record, this.load(machine.definition), undefined)
    return record
  }

  /** Stops an execution, or a child of a Map. `false` when it had already ended. */
  async stop(arn: string, error?: string, cause?: string): Promise<boolean> {
    const running = this.#running.get(arn)
    if (!running) return false
    running.controller.abort(new ExecutionStopped(error, cause))
    await running.ended
    return true
  }

  /** Resolves with the record of an execution once it has ended; at once if it has. */
  async ended(arn: string): Promise<ExecutionRecord | undefined> {
    await this.#running.get(arn)?.ended
    return this.store.executions.get(arn)
  }

  /** Deletes a machine with its executions; those that run are stopped. */
  async deleteMachine(arn: string): Promise<void> {
    const own = [...this.#running.keys()].filter((running) => this.store.executions.get(running)?.machineArn === arn)
    await Promise.all(own.map((execution) => this.stop(execution)))
    this.store.put({ kind: 'machineDeleted', arn })
  }

  /** Lets go of everything that runs, without an end in the record: the next start of the local cloud decides. */
  async close(): Promise<void> {
    const running = [...this.#running.values()]
    for (const { controller } of running) controller.abort(new CloudClosing('the local cloud stops'))
    await Promise.all(running.map(({ ended }) => ended))
  }

  #newRecord(arn: string, name: string, machineArn: string, roleArn: string, input: string): ExecutionRecord {
    const startedAt = this.ports.clock.now()
    return { arn, name, machineArn, roleArn, input, status: 'RUNNING', startedAt, redriveCount: 0 }
  }

  #begin(record: ExecutionRecord, machine: Machine, outer: AbortSignal | undefined): Promise<ExecutionRecord> {
    const controller = new AbortController()
    const onAbort = () =>
      controller.abort(outer?.reason instanceof CloudClosing ? outer.reason : new ExecutionStopped())
    if (outer?.aborted) onAbort()
    outer?.addEventListener('abort', onAbort, { once: true })
    this.store.put({ kind: 'execution', record })
    const ended = this.#run(record, machine, controller.signal).finally(() => {
      outer?.removeEventListener('abort', onAbort)
      this.#running.delete(record.arn)
    })
    this.#running.set(record.arn, { controller, ended })
    return ended
  }

  async #run(execution: ExecutionRecord, machine: Machine, signal: AbortSignal): Promise<ExecutionRecord> {
    const history = new History(0, this.ports.clock.now, (event) =>
      this.store.put({ kind: 'event', executionArn: execution.arn, event }),
    )
    history.add('ExecutionStarted', { input: execution.input, roleArn: execution.roleArn })
    const run: Run = {
      execution,
      history,
      ports: this.ports,
      region: this.identity.region,
      pollMs: this.#pollMs,
      signal,
      openMapRun: (state, items, maxConcurrency) => this.#openMapRun(execution, state, items, maxConcurrency),
    }
    try {
      const output = JSON.stringify(await walk(machine, JSON.parse(execution.input), run))
      history.end('ExecutionSucceeded', { output })
      return this.#end(execution, { status: 'SUCCEEDED', output })
    } catch (error) {
      if (error instanceof CloudClosing) return execution
      if (error instanceof ExecutionStopped) return this.#fail(execution, history, 'ABORTED', error)
      // Anything else than an error of the States Language is a defect of ours: the execution says so instead of hanging.
      const failure =
        error instanceof StateError ? error : new StateError('States.Runtime', `TG9010: ${messageOf(error)}`)
      return this.#fail(execution, history, 'FAILED', failure)
    }
  }

  #fail(
    execution: ExecutionRecord,
    history: History,
    status: 'FAILED' | 'ABORTED',
    reason: { errorName: string | undefined; causeText: string | undefined },
  ): ExecutionRecord {
    const said = {
      ...(reason.errorName !== undefined && { error: cutError(reason.errorName) }),
      ...(reason.causeText !== undefined && { cause: cutCause(reason.causeText) }),
    }
    history.end(status === 'FAILED' ? 'ExecutionFailed' : 'ExecutionAborted', said)
    return this.#end(execution, { status, ...said })
  }

  #end(execution: ExecutionRecord, ending: Partial<ExecutionRecord>): ExecutionRecord {
    const record = { ...execution, ...ending, stoppedAt: this.ports.clock.now() }
    this.store.put({ kind: 'execution', record })
    return record
  }

  #openMapRun(parent: ExecutionRecord, state: MapState, items: number, maxConcurrency: number): MapRun {
    const machineName = machineNameOf(parent.machineArn)
    const opened: MapRunRecord = {
      arn: mapRunArn(this.identity, machineName, state.label, this.ports.uuid()),
      executionArn: parent.arn,
      machineArn: parent.machineArn,
      status: 'RUNNING',
      startedAt: this.ports.clock.now(),
      maxConcurrency,
      toleratedFailurePercentage: state.toleratedFailurePercentage,
      items,
    }
    this.store.put({ kind: 'mapRun', record: opened })
    const qualified = `${machineName}/${state.label}`
    return {
      arn: opened.arn,
      child: (input: Json, signal: AbortSignal) => {
        const name = this.ports.uuid()
        const arn = executionArn(this.identity, qualified, name)
        const machineArn = `${parent.machineArn}/${state.label}`
        const record = this.#newRecord(arn, name, machineArn, parent.roleArn, JSON.stringify(input))
        return this.#begin({ ...record, mapRunArn: opened.arn }, state.processor, signal)
      },
      close: (status) =>
        this.store.put({ kind: 'mapRun', record: { ...opened, status, stoppedAt: this.ports.clock.now() } }),
    }
  }
}
