/** Starts, resumes, stops and ends executions and map runs, and records each of them. */
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
import { firstVisit, walk } from './run.ts'
import { standingOf } from './standing.ts'
import { Store } from './store.ts'
import type { MapRun, Run } from './visit.ts'

/** Error of an execution that can't go on after a restart. */
const LOST_ERROR = 'TG5011'
const LOST =
  'The local cloud ended while this execution was running, and does not know its definition any more. Nothing that it had claimed is lost: start the cadence again.'

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
    this.store = new Store(ports.journal)
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
    const record = this.#newRecord(arn, name, machine, input)
    this.store.put({ kind: 'execution', record })
    void this.#begin(record, this.load(machine.definition), undefined)
    return record
  }

  /** Executions that `resume` would go on with, or lose; without the children of Maps. */
  interrupted(): number {
    return this.#parked().filter(({ mapRunArn }) => mapRunArn === undefined).length
  }

  /**
   * Goes on with every execution that ran when the local cloud ended, from the state that it was in.
   * One that can't go on is ABORTED with TG5011. Gives how many go on.
   */
  resume(): number {
    let resumed = 0
    for (const execution of this.#parked().filter(({ mapRunArn }) => mapRunArn === undefined)) {
      const machine = this.#machineOf(execution)
      if (machine === undefined) this.#lose(execution)
      else {
        resumed += 1
        void this.#begin(execution, machine, undefined)
      }
    }
    for (const child of this.#parked()) if (!this.#hasParent(child)) this.#lose(child)
    for (const record of this.store.mapRuns.values())
      if (record.status === 'RUNNING' && this.store.executions.get(record.executionArn)?.status !== 'RUNNING')
        this.store.put({ kind: 'mapRun', record: { ...record, status: 'ABORTED', stoppedAt: this.ports.clock.now() } })
    return resumed
  }

  /** Stops an execution, or a child of a Map. `false` when it had already ended. */
  async stop(arn: string, error?: string, cause?: string): Promise<boolean> {
    const running = this.#running.get(arn)
    if (!running) return this.#stopParked(arn, new ExecutionStopped(error, cause))
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

  /** Those that are recorded as running, but not resumed yet. */
  #parked(): ExecutionRecord[] {
    return [...this.store.executions.values()].filter(
      ({ status, arn }) => status === 'RUNNING' && !this.#running.has(arn),
    )
  }

  /** Of an execution, with the definition that it began with. */
  #machineOf({ machineArn, revisionId }: ExecutionRecord): Machine | undefined {
    const definition = this.store.definition(machineArn, revisionId)
    try {
      return definition === undefined ? undefined : this.load(definition)
    } catch {
      return undefined // a version of the local cloud that understood more
    }
  }

  /** Whether the Map that a parked child belongs to goes on: it then takes the child along. */
  #hasParent(child: ExecutionRecord): boolean {
    const mapRun = this.store.mapRuns.get(child.mapRunArn ?? '')
    return mapRun?.status === 'RUNNING' && this.#running.has(mapRun.executionArn)
  }

  #lose(execution: ExecutionRecord): void {
    this.#fail(execution, this.#historyOf(execution), 'ABORTED', { errorName: LOST_ERROR, causeText: LOST })
  }

  #stopParked(arn: string, reason = new ExecutionStopped()): boolean {
    const parked = this.store.executions.get(arn)
    if (parked?.status !== 'RUNNING') return false
    this.#fail(parked, this.#historyOf(parked), 'ABORTED', reason)
    return true
  }

  #historyOf({ arn }: ExecutionRecord): History {
    return new History(this.store.events(arn).length, this.ports.clock.now, (event) =>
      this.store.put({ kind: 'event', executionArn: arn, event }),
    )
  }

  #newRecord(
    arn: string,
    name: string,
    machine: { arn: string; roleArn: string; revisionId: string },
    input: string,
  ): ExecutionRecord {
    const { arn: machineArn, roleArn, revisionId } = machine
    const startedAt = this.ports.clock.now()
    return { arn, name, machineArn, revisionId, roleArn, input, status: 'RUNNING', startedAt, redriveCount: 0 }
  }

  #begin(record: ExecutionRecord, machine: Machine, outer: AbortSignal | undefined): Promise<ExecutionRecord> {
    const controller = new AbortController()
    const onAbort = () =>
      controller.abort(outer?.reason instanceof CloudClosing ? outer.reason : new ExecutionStopped())
    if (outer?.aborted) onAbort()
    outer?.addEventListener('abort', onAbort, { once: true })
    const ended = this.#run(record, machine, controller.signal).finally(() => {
      outer?.removeEventListener('abort', onAbort)
      this.#running.delete(record.arn)
    })
    this.#running.set(record.arn, { controller, ended })
    return ended
  }

  async #run(execution: ExecutionRecord, machine: Machine, signal: AbortSignal): Promise<ExecutionRecord> {
    const history = this.#historyOf(execution)
    const events = this.store.events(execution.arn)
    if (events.length === 0) history.add('ExecutionStarted', { input: execution.input, roleArn: execution.roleArn })
    const run: Run = {
      execution,
      history,
      ports: this.ports,
      region: this.identity.region,
      pollMs: this.#pollMs,
      signal,
      openMapRun: (state, items, maxConcurrency, known) =>
        this.#openMapRun(execution, state, items, maxConcurrency, known),
    }
    try {
      const from = standingOf(execution, events) ?? firstVisit(machine, JSON.parse(execution.input))
      const output = JSON.stringify(await walk(machine, from, run))
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

  #openMapRun(
    parent: ExecutionRecord,
    state: MapState,
    items: number,
    maxConcurrency: number,
    known: string | undefined,
  ): MapRun {
    const machineName = machineNameOf(parent.machineArn)
    // One that a crash left before the history knew of it is this one: a machine has one Map at work at a time.
    const left = [...this.store.mapRuns.values()].find(
      ({ executionArn, status }) => executionArn === parent.arn && status === 'RUNNING',
    )
    const opened: MapRunRecord = this.store.mapRuns.get(known ?? '') ??
      left ?? {
        arn: mapRunArn(this.identity, machineName, state.label, this.ports.uuid()),
        executionArn: parent.arn,
        machineArn: parent.machineArn,
        status: 'RUNNING',
        startedAt: this.ports.clock.now(),
        maxConcurrency,
        toleratedFailurePercentage: state.toleratedFailurePercentage,
        items,
      }
    const before = new Map(this.store.children(opened.arn).map((child) => [child.itemIndex, child]))
    if (!this.store.mapRuns.has(opened.arn)) this.store.put({ kind: 'mapRun', record: opened })
    const qualified = `${machineName}/${state.label}`
    return {
      arn: opened.arn,
      child: async (index: number, input: Json, signal: AbortSignal) => {
        const child = before.get(index)
        if (child && child.status !== 'RUNNING') return child
        if (child) return this.#begin(child, state.processor, signal)
        const name = this.ports.uuid()
        const arn = executionArn(this.identity, qualified, name)
        const machine = { ...parent, arn: `${parent.machineArn}/${state.label}` }
        const own = { mapRunArn: opened.arn, itemIndex: index }
        const record = { ...this.#newRecord(arn, name, machine, JSON.stringify(input)), ...own }
        this.store.put({ kind: 'execution', record })
        return this.#begin(record, state.processor, signal)
      },
      close: (status) => {
        this.store.put({ kind: 'mapRun', record: { ...opened, status, stoppedAt: this.ports.clock.now() } })
        for (const child of this.#parked()) if (child.mapRunArn === opened.arn) this.#stopParked(child.arn)
      },
    }
  }
}
