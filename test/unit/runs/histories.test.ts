/** Random histories of puts, runs, crashes and bad jobs: whatever happens, nothing is lost, applied twice, or settled unproved. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchTables } from '../../../shared/batching/batch-tables.ts'
import type { LandedFile, TableItem } from '../../../shared/contracts/ledger.ts'
import type { Outcome } from '../../../shared/contracts/outcome.ts'
import type { PlannedTable } from '../../../shared/contracts/plan.ts'
import { type ClaimBatchOutput, manifest } from '../../../shared/contracts/runs.ts'
import { dying, unlessDied } from '../claims/disturbed.ts'
import {
  CADENCE,
  CONTROL,
  claim,
  createWorld,
  ENDED,
  KILLED,
  type Lake,
  MAYBE,
  NOT_STARTED,
  outcomeOf,
  ownerOf,
  plannedTables,
  putFile,
  putOutcome,
  STAGING,
  settle,
  tableConfig,
  type World,
  work,
} from '../claims/world.ts'

const TABLES = ['shop_a', 'shop_b']

/** What the job does to a table. `silent` commits and says nothing; `blind` rejects without having looked. */
type Fate = 'commit' | 'silent' | 'die' | 'reject' | 'blind' | 'garble'
/** A Lambda that dies at its nth call; `retried`: Step Functions calls it again. */
interface Crash {
  readonly at: number
  readonly done: boolean
  readonly retried: boolean
}
type Step =
  | { readonly kind: 'put'; readonly table: string; readonly name: string; readonly deletes: boolean }
  | {
      readonly kind: 'run'
      readonly job: 'yes' | 'no' | 'maybe'
      readonly fates: readonly Fate[]
      readonly claimCrash: Crash | undefined
      readonly settleCrash: Crash | undefined
    }

const crash = fc.option(
  fc.record({
    at: fc.integer({ min: 1, max: 30 }),
    done: fc.boolean(),
    retried: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  }),
  { nil: undefined, freq: 2 },
)
const weighted = <T>(choices: readonly (readonly [number, T])[]) =>
  fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })))
const put: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('put' as const),
  table: fc.constantFrom(...TABLES),
  name: weighted([
    [3, 'change'],
    [2, '0.parquet'],
    [1, '1.parquet'],
    [1, 'LOAD1.parquet'],
    [1, 'x.csv'],
  ]),
  deletes: fc.boolean(),
})
const run: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('run' as const),
  job: weighted([
    [12, 'yes'],
    [3, 'no'],
    [1, 'maybe'],
  ] as const),
  fates: fc.array(fc.constantFrom<Fate>('commit', 'commit', 'silent', 'die', 'reject', 'blind', 'garble'), {
    minLength: 2,
    maxLength: 2,
  }),
  claimCrash: crash,
  settleCrash: crash,
})

class History {
  readonly lake: Lake = new Map()
  readonly landed: LandedFile[] = []
  readonly highWater = new Map<string, TableItem>()
  /** By batch id. */
  readonly generations = new Map<string, number>()
  readonly world: World
  #count = 0

  constructor(world: World) {
    this.world = world
  }

  async step(step: Step): Promise<void> {
    this.#count += 1
    if (step.kind === 'run') return this.run(step)
    const name = step.name === 'change' ? `c${this.#count}.parquet` : step.name
    const sequence = String(this.#count).padStart(4, '0')
    this.landed.push(await putFile(this.world, step.table, name, step.deletes ? `D${sequence}` : sequence))
  }

  /** One execution of the state machine: its Lambdas may die, and be called again or not. */
  async run(step: Step & { kind: 'run' }): Promise<void> {
    const execution = `e${this.#count}`
    this.world.executions.set(ownerOf(execution), 'running')
    await this.batchRun(execution, step)
    this.world.executions.set(ownerOf(execution), 'ended')
    this.world.clock.advance(1000)
  }

  async batchRun(execution: string, step: Step & { kind: 'run' }): Promise<void> {
    const { key } = await batchTables({ refresh_cadence: CADENCE, execution_name: execution }, this.world)
    const [batch] = manifest.parse(JSON.parse((await this.world.objects.get(CONTROL, key)) ?? ''))
    if (!batch) return
    const claimed = await this.lambda(step.claimCrash, (ports) => claim(ports, execution, batch.tables))
    // A run that died before it came to its job has that in its history; a job that worked is over when its execution is.
    if (!claimed) return this.world.executions.startedNoJob(ownerOf(execution))
    if (step.job !== 'no') {
      await this.job(claimed, step.fates)
      this.world.jobRuns.set(claimed.run_id, step.fates.includes('die') ? 'FAILED' : 'SUCCEEDED')
    } else this.world.executions.startedNoJob(ownerOf(execution))
    const said =
      claimed.claimed === 0
        ? NOT_STARTED
        : { yes: step.fates.includes('die') ? KILLED : ENDED, no: NOT_STARTED, maybe: MAYBE }[step.job]
    await this.lambda(step.settleCrash, (ports) => settle(ports, execution, claimed, said))
  }

  /** Undefined if it died and was not called again. */
  async lambda<T>(crash: Crash | undefined, call: (ports: World) => Promise<T>): Promise<T | undefined> {
    if (!crash) return call(this.world)
    const mortal = dying(this.world, crash.at, crash.done)
    const result = await unlessDied(call(mortal.ports))
    return mortal.calls() >= crash.at && crash.retried ? call(this.world) : result
  }

  async job(claimed: ClaimBatchOutput, fates: readonly Fate[]): Promise<void> {
    for (const planned of await plannedTables(this.world, claimed)) {
      this.generations.set(planned.entry.batch_id, planned.entry.generation.id)
      const fate = fates[TABLES.indexOf(planned.table)] ?? 'commit'
      const outcome = await this.workOn(claimed, planned, fate)
      const place = { run_id: claimed.run_id, table: planned.table, token: planned.token }
      if (outcome) await putOutcome(this.world, fate === 'garble' ? '{' : outcome, place)
    }
  }

  /** Undefined: it says nothing. A file that was overwritten is rejected, after looking. */
  async workOn(claimed: ClaimBatchOutput, planned: PlannedTable, fate: Fate): Promise<Outcome | undefined> {
    if (fate === 'die') return undefined
    const nothing = { result: 'rejected', snapshot: null, rows: null, files: [], evidence: null } as const
    const error = { code: 'TG2102', message: 'bad', transient: false, details: null }
    if (fate === 'blind') {
      return outcomeOf(this.world, claimed, planned, { ...nothing, files: [], lookup: 'unreachable', error })
    }
    const committed = this.lake.get(planned.table)?.some((commit) => commit.batch === planned.entry.batch_id)
    if (!committed && (fate === 'reject' || (await this.isOverwritten(planned)))) {
      return outcomeOf(this.world, claimed, planned, { ...nothing, files: [], lookup: 'absent', error })
    }
    const outcome = await work(this.world, this.lake, claimed, planned)
    return fate === 'silent' ? undefined : outcome
  }

  async isOverwritten(planned: PlannedTable): Promise<boolean> {
    const heads = planned.entry.files.map((file) =>
      this.world.objects.head(STAGING, file.uri.slice(`s3://${STAGING}/`.length), file.etag),
    )
    return (await Promise.all(heads)).some((head) => head === undefined)
  }

  /** What must hold after every step. */
  async check(): Promise<void> {
    for (const table of TABLES) {
      const commits = this.lake.get(table) ?? []
      for (const part of Map.groupBy(commits, ({ batch }) => this.generations.get(batch)).values()) {
        const files = part.flatMap((commit) => commit.files)
        expect(new Set(files).size, 'a file is applied once to a generation').toBe(files.length)
      }

      const item = await this.world.tables.get(table)
      if (item) this.checkItem(item)
      const waiting = new Set((await this.world.files.waiting(table, 999)).map((file) => file.file_id))
      for (const { file_id } of this.landed.filter((file) => file.source_table_name === table)) {
        const settled = await this.world.files.settled(table, file_id)
        expect(waiting.has(file_id), 'a file waits or is settled, never both, never neither').toBe(!settled)
        const commit = commits.find((one) => one.files.includes(file_id))
        if (settled) expect(settled.batch_id, 'what is settled was committed').toBe(commit?.batch)
        if (settled?.reason === 'before_reload')
          expect(settled.put_at_s, 'a reload stands for it').toBeLessThan(item?.generation_from_s ?? 0)
        if (item?.refresh_status === 'completed' && commit)
          expect(settled, 'a completed table owes nothing').toBeDefined()
      }
    }
  }

  checkItem(item: TableItem): void {
    const before = this.highWater.get(item.raw_table_name)
    this.highWater.set(item.raw_table_name, item)
    expect(item.refresh_status === 'completed' && item.entry_uri !== null, 'no entry of a completed table').toBe(false)
    expect((item.entry_uri === null) === (item.batch_id === null)).toBe(true)
    if (!before) return
    expect(item.claim_token, 'tokens only grow').toBeGreaterThanOrEqual(before.claim_token)
    expect(item.generation, 'generations only grow').toBeGreaterThanOrEqual(before.generation)
    if (item.generation > before.generation) return
    expect((item.applied_max_sequence ?? '') >= (before.applied_max_sequence ?? ''), 'the mark never falls').toBe(true)
  }

  /**
   * Then, with nothing in the way, every table that is not held ends with all its files applied or superseded; and where there
   * is evidence of every job, no dead run's claim is held.
   */
  async drain(): Promise<void> {
    for (let n = 0; n < 12; n += 1) {
      await this.step({
        kind: 'run',
        job: 'yes',
        fates: ['commit', 'commit'],
        claimCrash: undefined,
        settleCrash: undefined,
      })
      await this.check()
    }
    for (const table of TABLES) {
      const item = await this.world.tables.get(table)
      expect(item?.hold_reason).not.toBe('owner_ended_unsettled')
      if (item?.refresh_status === 'held') continue
      const left = await this.world.files.waiting(table, 999)
      expect(left).toEqual([])
    }
    await this.checkTombstones()
  }

  /** Every settled commit's deletes are in the log. */
  async checkTombstones(): Promise<void> {
    const names: string[] = []
    for await (const key of this.world.objects.list(CONTROL, 'tombstones/')) names.push(key)
    for (const file of this.landed) {
      const settled = await this.world.files.settled(file.source_table_name, file.file_id)
      if (!settled?.max_sequence?.startsWith('D')) continue
      const generation = this.generations.get(settled.batch_id ?? '')
      const name = `tombstones/${file.source_table_name}/${generation}/${Buffer.from(settled.max_sequence).toString('hex')}-${settled.batch_id}-`
      expect(
        names.some((key) => key.startsWith(name)),
        `${name} is published`,
      ).toBe(true)
    }
  }
}

test('[frozen-set] [commit-authority] [no-revival] [evidence] hold over random histories', async () => {
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: put }, { weight: 2, arbitrary: run }), { maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      const world = await createWorld(TABLES, { max_files_per_claim: 3 })
      const reload = { complete_when: 'quiet', quiet_ms: 3000 } as const
      for (const table of TABLES) await world.config.putTable(tableConfig(table, { reload }))
      const told = new History(world)
      for (const step of history) {
        await told.step(step)
        await told.check()
      }
      await told.drain()
    }),
    { numRuns: 150 },
  )
})
