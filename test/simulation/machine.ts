/** The course of `state-machines/file-processor.asl.json` with the real use cases: its retries, its catches, abort and redrive. */
import { batchTables } from '../../shared/batching/batch-tables.ts'
import { claimBatch } from '../../shared/claims/claim-batch.ts'
import type { BatchManagerOutput, ClaimBatchOutput, JobResult, ManifestBatch } from '../../shared/contracts/runs.ts'
import { summariseRun } from '../../shared/runs/summarise-run.ts'
import { settleBatch } from '../../shared/settling/settle-batch.ts'
import type { JobRun } from './job.ts'
import { CADENCE } from './names.ts'
import { InvocationFailed } from './process.ts'
import type { Lambda, Ports, World } from './world.ts'

/** `Retry` of every Lambda step. */
const RETRIES = 6
const BACKOFF_MS = 30_000

class Aborted extends Error {}

/** A child of the Map: where it stands is where a redrive goes on. */
class Child {
  readonly owner: string
  readonly item: ManifestBatch
  redrives = 0
  at: 'claim' | 'job' | 'settle' | 'done' = 'claim'
  claim: ClaimBatchOutput | undefined
  job: JobResult | undefined
  running: JobRun | undefined

  constructor(execution: string, item: ManifestBatch) {
    this.owner = `arn:each-batch:${execution}-${item.batch}`
    this.item = item
  }
}

export class Execution {
  readonly name: string
  status: 'running' | 'succeeded' | 'failed' | 'aborted' = 'running'
  readonly #world: World
  #manifest: BatchManagerOutput | undefined
  #children: Child[] | undefined
  /** Each start or redrive is a round; what an earlier one still waits for no longer counts. */
  #round = 0

  constructor(name: string, world: World) {
    this.name = name
    this.#world = world
  }

  async run(): Promise<void> {
    this.#round += 1
    const round = this.#round
    this.status = 'running'
    try {
      await this.#states(round)
    } catch (error) {
      if (error instanceof Aborted) return
      if (!(error instanceof InvocationFailed)) throw error
      this.#ended('failed')
    }
  }

  /** StopExecution: Lambdas go on by themselves; the job is stopped, or that is forgotten. */
  abort(): void {
    if (this.status !== 'running') return
    this.#round += 1
    this.#ended('aborted')
    for (const child of this.#children ?? []) {
      this.#world.children.ends(child.owner)
      if (this.#world.random.chance(0.5)) child.running?.kill('stopped with its execution', 'STOPPED')
    }
  }

  /** RedriveExecution: every child that did not succeed goes on in the state that it was in, with what it knew then. */
  redrive(): void {
    if (this.status !== 'aborted') return
    this.#world.trace?.(`${this.name}  is redriven`)
    for (const child of this.#children ?? []) if (child.at !== 'done') child.redrives += 1
    this.run()
  }

  async #states(round: number): Promise<void> {
    this.#manifest ??= await this.#lambda(round, 'batch-manager', (ports) =>
      batchTables({ refresh_cadence: CADENCE, execution_name: this.name }, ports),
    )
    const { bucket, key, batches } = this.#manifest
    if (batches === 0) return this.#ended('succeeded')
    this.#children ??= await this.#itemReader(bucket, key)
    await this.#still(round)
    await Promise.all(this.#children.map((child) => this.#child(round, child)))
    const summary = await this.#lambda(round, 'summarise-run', (ports) =>
      summariseRun({ execution_name: this.name, bucket, key, batches }, ports),
    )
    this.#ended(summary.failed > 0 ? 'failed' : 'succeeded')
  }

  async #itemReader(bucket: string, key: string): Promise<Child[]> {
    const body = (await this.#world.ports.objects.get(bucket, key)) ?? '[]'
    return (JSON.parse(body) as ManifestBatch[]).map((item) => new Child(this.name, item))
  }

  /** Tolerated failure is 100 %: a child that fails stops nobody. */
  async #child(round: number, child: Child): Promise<void> {
    if (child.at === 'done') return
    const { children } = this.#world
    children.begins(child.owner)
    try {
      await this.#childStates(round, child)
      child.at = 'done'
    } catch (error) {
      if (!(error instanceof InvocationFailed)) throw error
      this.#world.trace?.(`${this.name}  batch ${child.item.batch} failed in ${child.at}: ${error.message}`)
    }
    children.ends(child.owner)
  }

  async #childStates(round: number, child: Child): Promise<void> {
    const { name } = this
    const { batch, tables } = child.item
    // Redriven at its job, with the claim of before: nothing starts, and the batch is claimed again.
    if (child.at === 'job' && child.claim?.run_id !== `${name}-${batch}-${child.redrives}`) child.at = 'claim'
    if (child.at === 'claim') {
      const { owner, redrives: redrive_count } = child
      const input = { execution_name: name, refresh_cadence: CADENCE, batch, tables, owner, redrive_count }
      child.claim = await this.#lambda(round, 'claim-batch', (ports) => claimBatch(input, ports))
      child.job = { started: 'no', id: null, state: null, error: null }
      child.at = child.claim.claimed === 0 ? 'settle' : 'job'
    }
    const { claim } = child
    if (!claim) throw new TypeError('a child beyond its claim has one')
    if (child.at === 'job') {
      const { engine, children } = this.#world
      children.record(child.owner, 'tried to start a job')
      const started = await engine.startAndWait(claim.plan_uri, claim.run_id, (run) => {
        child.running = run
      })
      await this.#still(round)
      if (started.refused) children.record(child.owner, 'was refused a job')
      child.job = started.job
      child.at = 'settle'
    }
    const { job } = child
    if (!job) throw new TypeError('a child beyond its job has a result')
    const input = { execution_name: name, batch, plan_uri: claim.plan_uri, run_id: claim.run_id, job }
    await this.#lambda(round, 'settle-batch', (ports) => settleBatch(input, ports))
  }

  async #lambda<T>(round: number, lambda: Lambda, work: (ports: Ports) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      await this.#still(round)
      try {
        const result = await this.#world.invoke(lambda, this.name, work)
        await this.#still(round)
        return result
      } catch (error) {
        await this.#still(round)
        if (!(error instanceof InvocationFailed && error.retried) || attempt >= RETRIES) throw error
      }
      await this.#world.scheduler.sleep(this.#world.random.below(BACKOFF_MS))
    }
  }

  /** What an aborted execution waited for comes to nothing. */
  async #still(round: number): Promise<void> {
    if (round !== this.#round) throw new Aborted()
  }

  #ended(status: 'succeeded' | 'failed' | 'aborted'): void {
    this.#world.trace?.(`${this.name}  ${status}`)
    this.status = status
  }
}
