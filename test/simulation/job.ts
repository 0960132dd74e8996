/** One job run: works on the tables of its plan, each on its own, and may be killed, paused or doubted at any point. */
import { controlLayout, parseS3Uri } from '../../shared/contracts/control-layout.ts'
import type { AppliedFile, Outcome } from '../../shared/contracts/outcome.ts'
import type { Plan, PlannedTable } from '../../shared/contracts/plan.ts'
import type { JobResult } from '../../shared/contracts/runs.ts'
import { batchOf, type ReadBatch } from './batch.ts'
import { type Actor, actorNamed, type Strike } from './faults.ts'
import type { Change, Snapshot } from './lake.ts'
import { CONTROL, POISON, STAGING } from './names.ts'
import type { World } from './world.ts'

const MINUTE_MS = 60_000
const never = <T>(): Promise<T> => new Promise<T>(() => {})

/** What ends a table's course early. */
class Ends extends Error {
  readonly outcome: Partial<Outcome>
  constructor(
    result: Outcome['result'],
    lookup: Outcome['lookup'],
    code: string,
    transient = false,
    bad_files: Outcome['bad_files'] = [],
  ) {
    super(code)
    const error = { code, message: `simulated ${code}`, transient, details: null }
    this.outcome = {
      result,
      lookup,
      error,
      files: [],
      rows: null,
      evidence: null,
      snapshot: null,
      committed_at_ms: null,
      bad_files,
    }
  }
}

export class JobRun {
  readonly id: string
  readonly runId: string
  /** What the engine says when it is asked, and what the state machine is told. */
  readonly reported: Promise<JobResult>
  saysEnded = false
  /** It may still write. */
  lives = true
  readonly #planUri: string
  readonly #world: World
  #report: (result: JobResult) => void = () => {}

  constructor(id: string, planUri: string, runId: string, world: World) {
    this.id = id
    this.runId = runId
    this.#planUri = planUri
    this.#world = world
    this.reported = new Promise((resolve) => {
      this.#report = resolve
    })
  }

  async run(): Promise<void> {
    await this.#turn()
    const { bucket, key } = parseS3Uri(this.#planUri)
    const plan = JSON.parse((await this.#world.ports.objects.get(bucket, key)) ?? '') as Plan
    const results = await Promise.all(plan.tables.map((planned) => this.#table(plan, planned)))
    this.lives = false
    const good = results.every((result) => result === 'committed' || result === 'already_committed')
    this.#end(good ? 'SUCCEEDED' : 'FAILED', null)
  }

  kill(why: string, state = 'FAILED'): void {
    if (!this.lives) return
    this.lives = false
    this.#end(state, why)
  }

  #end(state: string, error: string | null): void {
    if (!this.saysEnded) this.#world.trace?.(`${this.id}  ended as ${state}${error ? `: ${error}` : ''}`)
    this.saysEnded = true
    this.#report({ started: 'yes', id: this.id, state, error })
  }

  async #turn(): Promise<void> {
    await this.#world.scheduler.turn()
    if (!this.lives) return never()
  }

  async #table(plan: Plan, planned: PlannedTable): Promise<Outcome['result']> {
    const actor = actorNamed(`${this.id}:${planned.table}`)
    let outcome = blank(plan, planned)
    try {
      outcome = { ...outcome, ...(await this.#apply(planned, actor)) }
    } catch (error) {
      if (!(error instanceof Ends)) throw error
      outcome = { ...outcome, ...error.outcome }
    }
    await this.#step(actor, `outcome ${outcome.result}, look-up ${outcome.lookup} ${outcome.error?.code ?? ''}`)
    if (this.#strikes('job-killed-after-commit', actor)) return this.#die('before its outcome was put')
    const body = JSON.stringify(outcome)
    const text = this.#strikes('job-outcome-garbled', actor) ? body.slice(0, body.length / 2) : body
    await this.#world.ports.objects.put(CONTROL, controlLayout.outcome(plan.run_id, planned.table, planned.token), text)
    return outcome.result
  }

  async #apply(planned: PlannedTable, actor: Actor): Promise<Partial<Outcome>> {
    const { spark } = this.#world
    const lake = this.#world.lakeOf(planned.table)
    await this.#step(actor, `look for ${planned.entry.batch_id.slice(7, 15)} with token ${planned.token}`)
    if (this.#strikes('job-storage-fails', actor)) throw new Ends('rejected', 'unreachable', 'TG5001', true)
    const pinned = lake.current
    const earlier = this.#lookUp(planned, pinned)
    if (earlier) return this.#alreadyCommitted(earlier)
    if (planned.resolve_only) throw new Ends('rejected', 'absent', 'TG4006')
    if (this.#strikes('job-killed-before-commit', actor)) return this.#die('after its look-up')
    await this.#pause(actor)

    const batch = await this.#read(planned, actor)
    const scanned = spark.scansThePinnedSnapshot ? pinned : lake.current
    const remembered = await this.#remembered(planned, batch, actor)
    const effects = batch.effectsOn(scanned, remembered, spark)
    const evidence = await this.#putEvidence(planned, batch, actor)
    if (planned.entry.target.format === 'hudi' && spark.writesAlone) await this.#becomeTheOnlyWriter(evidence, actor)
    await this.#pause(actor)
    await this.#step(actor, 'commit')
    return this.#commit(planned, actor, scanned, batch, effects, evidence)
  }

  /** Rule 4: batch id, token and generation, back to the last settled snapshot. */
  #lookUp(planned: PlannedTable, pinned: Snapshot | undefined): Snapshot | undefined {
    const { entry, token } = planned
    const { spark } = this.#world
    const lake = this.#world.lakeOf(planned.table)
    const settled = entry.applied.snapshot
    let highest = { token: 0, generation: 0 }
    for (let id = pinned?.id ?? null; id !== null && id !== settled; ) {
      const snapshot = lake.snapshot(id)
      if (!snapshot) throw new Ends('unknown', 'unreachable', 'TG4001')
      if (spark.looksForItsBatch && snapshot.batch_id === entry.batch_id) return snapshot
      highest = {
        token: Math.max(highest.token, snapshot.token),
        generation: Math.max(highest.generation, snapshot.generation),
      }
      id = snapshot.parent
      if (id === null && settled !== null) throw new Ends('unknown', 'unreachable', 'TG4001')
    }
    if (spark.refusesOlderToken && highest.token > token) throw new Ends('rejected', 'absent', 'TG4004')
    if (highest.generation > entry.generation.id) throw new Ends('rejected', 'absent', 'TG4005')
    return undefined
  }

  async #alreadyCommitted(commit: Snapshot): Promise<Partial<Outcome>> {
    await this.#turn()
    const { bucket, key } = parseS3Uri(commit.evidence)
    const text = (await this.#world.ports.objects.get(bucket, `${key}files.json`)) ?? '{}'
    const { rows, files } = JSON.parse(text) as { rows: Outcome['rows']; files: AppliedFile[] }
    const { id, at_ms, evidence } = commit
    return { result: 'already_committed', lookup: 'found', snapshot: id, committed_at_ms: at_ms, rows, files, evidence }
  }

  async #read(planned: PlannedTable, actor: Actor): Promise<ReadBatch> {
    const contents: { file_id: string; changes: Change[] }[] = []
    await this.#checkFiles(planned, actor)
    for (const file of planned.entry.files) {
      await this.#turn()
      const body = await this.#world.ports.objects.get(STAGING, parseS3Uri(file.uri).key)
      // As the job looks again before it blames a file: what could not be read may be other bytes than those that landed.
      if (body?.startsWith(POISON)) await this.#checkFiles(planned, actor)
      if (body?.startsWith(POISON)) throw badFile('TG2106', file.file_id, 'read', 'damaged')
      contents.push({ file_id: file.file_id, changes: JSON.parse(body ?? '[]') as Change[] })
    }
    await this.#checkFiles(planned, actor)
    if (this.#strikes('job-storage-fails', actor)) throw new Ends('rejected', 'absent', 'TG5001', true)
    if (!this.#world.spark.appliesAllFiles && contents.length > 1) {
      const last = contents.at(-1)
      if (last) last.changes = []
    }
    return batchOf(planned, contents)
  }

  async #checkFiles(planned: PlannedTable, actor: Actor): Promise<void> {
    await this.#step(actor, 'check files')
    for (const { uri, etag, file_id } of planned.entry.files) {
      const head = await this.#world.ports.objects.head(STAGING, parseS3Uri(uri).key)
      if (!head) throw badFile('TG2101', file_id, 'check', 'gone')
      if (this.#world.spark.checksEtags && head.etag !== etag) {
        throw badFile('TG2102', file_id, 'check', 'overwritten')
      }
    }
  }

  /** Rule 6: deletes at or above the lowest late sequence, from the tombstone log. */
  async #remembered(planned: PlannedTable, batch: ReadBatch, actor: Actor): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    const mark = planned.entry.applied.max_sequence
    if (mark === null || batch.lowest > mark || !this.#world.spark.readsTombstones) return found
    await this.#step(actor, `late: reads the tombstone log from ${batch.lowest || 'the beginning'}`)
    const { bucket, key } = parseS3Uri(planned.entry.applied.tombstones)
    const { objects } = this.#world.ports
    for await (const name of objects.list(bucket, key, `${key}${Buffer.from(batch.lowest).toString('hex')}`)) {
      for (const [seq, deleted] of JSON.parse((await objects.get(bucket, name)) ?? '[]') as [string, string][]) {
        if (seq > (found.get(deleted) ?? '')) found.set(deleted, seq)
      }
    }
    return found
  }

  async #putEvidence(planned: PlannedTable, batch: ReadBatch, actor: Actor): Promise<string> {
    const { table, token, entry } = planned
    const folder = controlLayout.evidence(table, entry.batch_id, token)
    for (const [name, body] of batch.evidence(folder, this.runId, token)) {
      await this.#step(actor, `evidence ${name}`)
      await this.#world.ports.objects.put(CONTROL, `${folder}${name}`, body)
    }
    return `s3://${CONTROL}/${folder}`
  }

  /** Of two jobs of a run at least one sees the other's marker; a Hudi table would take both commits. */
  async #becomeTheOnlyWriter(evidence: string, actor: Actor): Promise<void> {
    const { objects } = this.#world.ports
    const { bucket, key } = parseS3Uri(evidence)
    await this.#step(actor, 'says that it will commit')
    await objects.put(bucket, `${key}writer-${this.id}`, '')
    await this.#step(actor, 'looks who else will')
    for await (const name of objects.list(bucket, `${key}writer-`, '')) {
      if (name !== `${key}writer-${this.id}`) throw new Ends('rejected', 'absent', 'TG4010', true)
    }
  }

  async #commit(
    planned: PlannedTable,
    actor: Actor,
    scanned: Snapshot | undefined,
    batch: ReadBatch,
    effects: ReturnType<ReadBatch['effectsOn']>,
    evidence: string,
  ): Promise<Partial<Outcome>> {
    const { spark, clock, random } = this.#world
    const lake = this.#world.lakeOf(planned.table)
    const killed = this.#strikes('job-killed-in-commit', actor)
    const doubted = this.#strikes('job-commit-unknown', actor)
    if ((killed || doubted) && random.chance(0.5)) {
      if (killed) return this.#die('in the commit, which did not land')
      throw new Ends(spark.saysUnknown ? 'unknown' : 'rejected', 'absent', 'TG4003')
    }
    const next: Snapshot = {
      id: `${this.#world.lakeOf(planned.table).commits.length + 1}`,
      parent: lake.current?.id ?? null,
      batch_id: planned.entry.batch_id,
      token: planned.token,
      generation: planned.entry.generation.id,
      from_s: planned.entry.generation.from_s,
      looked_at: scanned?.id ?? null,
      evidence,
      at_ms: clock.now(),
      files: planned.entry.files.map((file) => file.file_id),
      ...effects,
    }
    // With one writer, Hudi takes whatever is committed.
    const validates = spark.commitsOnThePinnedSnapshot && planned.entry.target.format === 'iceberg'
    const landed = lake.commit(next, scanned?.id ?? null, validates)
    this.#world.trace?.(`    ${landed ? `snapshot ${next.id}` : 'refused: the table has moved on'}`)
    if (killed) return this.#die('in the commit, which was decided')
    if (doubted) throw new Ends(spark.saysUnknown ? 'unknown' : 'rejected', 'absent', 'TG4003')
    if (!landed) {
      const rival = lake.commits.findLast((commit) => commit.batch_id === planned.entry.batch_id)
      if (rival) return this.#alreadyCommitted(rival)
      throw new Ends('rejected', 'absent', 'TG4002', true)
    }
    const { counts: rows, files } = batch
    return {
      result: 'committed',
      lookup: 'absent',
      snapshot: next.id,
      committed_at_ms: next.at_ms,
      rows,
      files,
      evidence,
    }
  }

  /** Slow, or taken for dead by the engine while it only sleeps. */
  async #pause(actor: Actor): Promise<void> {
    await this.#step(actor, 'goes on')
    const { random, scheduler } = this.#world
    if (this.#strikes('job-zombie', actor)) {
      this.#end('TIMEOUT', 'declared dead, but it lives')
      await scheduler.sleep(random.below(40) * MINUTE_MS)
    } else if (this.#strikes('job-slow', actor)) await scheduler.sleep(random.below(25) * MINUTE_MS)
    if (!this.lives) return never()
  }

  async #step(actor: Actor, what: string): Promise<void> {
    await this.#turn()
    actor.steps += 1
    this.#world.trace?.(`${actor.name}  ${what}`)
  }

  #strikes(kind: Strike, actor: Actor): boolean {
    return this.#world.faults.strikes(kind, actor)
  }

  #die(why: string): Promise<never> {
    this.kill(`killed ${why}`)
    return never()
  }
}

const badFile = (code: string, file_id: string, stage: string, reason: string): Ends =>
  new Ends('rejected', 'absent', code, false, [{ file_id, stage, reason, detail: 'simulated' }])

const blank = (plan: Plan, planned: PlannedTable): Outcome => ({
  contract: 'tidegate.outcome/1',
  run_id: plan.run_id,
  table: planned.table,
  token: planned.token,
  batch_id: planned.entry.batch_id,
  result: 'rejected',
  lookup: 'absent',
  snapshot: null,
  committed_at_ms: null,
  rows: null,
  files: [],
  evidence: null,
  bad_files: [],
  error: null,
  seconds: {},
})
