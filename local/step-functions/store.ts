/** Everything that was recorded, in memory for reading and in the journal for the next start. */
import type { EpochMs } from '../../shared/contracts/primitives.ts'
import type { Journal, JournalEntry } from './journal.ts'
import type { ExecutionRecord, HistoryEvent, MachineRecord, MapRunRecord } from './records.ts'

const LOST =
  'The local cloud stopped while this execution was running. Nothing that it had claimed is lost: start the cadence again.'
/** Error of an execution that the stop of the local cloud ended. */
export const LOST_ERROR = 'TG5011'

export class Store {
  readonly machines = new Map<string, MachineRecord>()
  readonly executions = new Map<string, ExecutionRecord>()
  readonly mapRuns = new Map<string, MapRunRecord>()
  readonly #events = new Map<string, HistoryEvent[]>()
  readonly #journal: Journal

  constructor(journal: Journal, now: EpochMs) {
    this.#journal = journal
    for (const entry of journal.read()) this.#apply(entry)
    this.#endWhatWasRunning(now)
  }

  put(entry: JournalEntry): void {
    this.#journal.append(entry)
    this.#apply(entry)
  }

  events(executionArn: string): readonly HistoryEvent[] {
    return this.#events.get(executionArn) ?? []
  }

  children(mapRunArn: string): ExecutionRecord[] {
    return [...this.executions.values()].filter((execution) => execution.mapRunArn === mapRunArn)
  }

  #apply(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'machine':
        this.machines.set(entry.record.arn, entry.record)
        break
      case 'machineDeleted':
        this.#forget(entry.arn)
        break
      case 'execution':
        // A name that is used again after 90 days begins a new history.
        if (this.executions.get(entry.record.arn)?.startedAt !== entry.record.startedAt)
          this.#events.delete(entry.record.arn)
        this.executions.set(entry.record.arn, entry.record)
        break
      case 'mapRun':
        this.mapRuns.set(entry.record.arn, entry.record)
        break
      case 'event': {
        const events = this.#events.get(entry.executionArn)
        if (events) events.push(entry.event)
        else this.#events.set(entry.executionArn, [entry.event])
      }
    }
  }

  /** A machine goes with its executions, its children's and its map runs. */
  #forget(machine: string): void {
    this.machines.delete(machine)
    for (const [arn, execution] of this.executions)
      if (execution.machineArn === machine || execution.machineArn.startsWith(`${machine}/`)) {
        this.executions.delete(arn)
        this.#events.delete(arn)
      }
    for (const [arn, run] of this.mapRuns) if (run.machineArn === machine) this.mapRuns.delete(arn)
  }

  #endWhatWasRunning(now: EpochMs): void {
    for (const run of this.mapRuns.values())
      if (run.status === 'RUNNING') this.put({ kind: 'mapRun', record: { ...run, status: 'ABORTED', stoppedAt: now } })
    for (const execution of this.executions.values())
      if (execution.status === 'RUNNING') {
        const ended = { error: LOST_ERROR, cause: LOST }
        this.put({ kind: 'event', executionArn: execution.arn, event: this.#abortedEvent(execution.arn, now, ended) })
        this.put({ kind: 'execution', record: { ...execution, ...ended, status: 'ABORTED', stoppedAt: now } })
      }
  }

  #abortedEvent(arn: string, now: EpochMs, details: { error: string; cause: string }): HistoryEvent {
    const last = this.events(arn).length
    return {
      id: last + 1,
      previousEventId: last,
      timestamp: now / 1000,
      type: 'ExecutionAborted',
      executionAbortedEventDetails: details,
    }
  }
}
