/** Everything that was recorded, in memory for reading and in the journal for the next start. */
import type { Journal, JournalEntry } from './journal.ts'
import type { ExecutionRecord, HistoryEvent, MachineRecord, MapRunRecord } from './records.ts'

export class Store {
  readonly machines = new Map<string, MachineRecord>()
  readonly executions = new Map<string, ExecutionRecord>()
  readonly mapRuns = new Map<string, MapRunRecord>()
  readonly #events = new Map<string, HistoryEvent[]>()
  /** Every definition that a machine ever had, by machine and revision: an execution keeps the one that it began with. */
  readonly #definitions = new Map<string, string>()
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
    for (const entry of journal.read()) this.#apply(entry)
  }

  put(entry: JournalEntry): void {
    this.#journal.append(entry)
    this.#apply(entry)
  }

  events(executionArn: string): readonly HistoryEvent[] {
    return this.#events.get(executionArn) ?? []
  }

  definition(machineArn: string, revisionId: string): string | undefined {
    return this.#definitions.get(`${machineArn} ${revisionId}`)
  }

  children(mapRunArn: string): ExecutionRecord[] {
    return [...this.executions.values()].filter((execution) => execution.mapRunArn === mapRunArn)
  }

  #apply(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'machine':
        this.machines.set(entry.record.arn, entry.record)
        this.#definitions.set(`${entry.record.arn} ${entry.record.revisionId}`, entry.record.definition)
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
}
