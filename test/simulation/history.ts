/** One history: the script under faults, then quiet until everything has come to its end, then the audit. */
import { fileIdOf } from '../../shared/files/file-id.ts'
import { reconcile } from '../../shared/reconcile/reconcile.ts'
import { audit } from './auditor.ts'
import { FAULT_KINDS, type FaultKind, Faults } from './faults.ts'
import { Landing } from './landing.ts'
import { Execution } from './machine.ts'
import { CADENCE, POISON, STAGING } from './names.ts'
import { Operator } from './operator.ts'
import { InvocationFailed } from './process.ts'
import { type Action, type PutAction, scriptOf } from './script.ts'
import { CORRECT_SPARK } from './spark-rules.ts'
import { type Bug, cadenceConfig, type Ports, QUIET_MS, tableConfig, World } from './world.ts'

export interface HistoryOptions {
  readonly kinds?: readonly FaultKind[]
  readonly bug?: Bug | undefined
  /** Ids of strikes, and `action <n>`, that are left out. */
  readonly spared?: ReadonlySet<string>
  readonly trace?: (line: string) => void
}

export interface History {
  readonly seed: number
  readonly steps: number
  readonly violations: readonly string[]
  readonly struck: Faults['struck']
  readonly actions: number
}

/** More steps than any sound history takes: it goes round in circles. */
const STEP_LIMIT = 20_000
/** Quiet rounds in which everything must come to its end, and one more for each file: a claim may take one at a time. */
const QUIET_ROUNDS = 16
/** What has not by then waits for a job run that never shows: two weeks later none can come any more. */
const PATIENT_ROUNDS = 8
const LONG_MS = 14 * 86_400_000

export async function runHistory(seed: number, options: HistoryOptions = {}): Promise<History> {
  Error.stackTraceLimit = 0
  const faults = new Faults(seed, options.kinds ?? FAULT_KINDS, options.spared ?? new Set())
  const script = scriptOf(seed, faults)
  const spark = { ...CORRECT_SPARK, ...options.bug?.spark }
  const { bug, trace } = options
  const world = new World({ seed, faults, tables: script.tables, maxFiles: script.maxFiles, spark, bug, trace })
  const play = new Play(world, script.maxFiles)
  await world.configure(script.maxFiles)
  play.perform(script.actions, options.spared ?? new Set())
  const ended = await world.scheduler.run(STEP_LIMIT)
  if (ended) await play.quiet()
  else world.violated('bounded', `it did not end within ${STEP_LIMIT} steps`)
  if (world.violations.length === 0) audit(world)
  const { steps } = world.scheduler
  return { seed, steps, violations: world.violations, struck: faults.struck, actions: script.actions.length }
}

class Play {
  readonly #world: World
  readonly #landing: Landing
  readonly #operator: Operator
  readonly #executions: Execution[] = []
  #maxFiles: number

  constructor(world: World, maxFiles: number) {
    this.#world = world
    this.#landing = new Landing(world)
    this.#operator = new Operator(world)
    this.#maxFiles = maxFiles
  }

  async perform(actions: readonly Action[], spared: ReadonlySet<string>): Promise<void> {
    for (const [index, action] of actions.entries()) {
      if (spared.has(`action ${index}`)) continue
      await this.#world.scheduler.sleep(action.pauseMs)
      await this.#act(action)
    }
  }

  /** No fault any more: dead letters are replayed, the bucket is reconciled, holds are released, and the schedule ticks. */
  async quiet(): Promise<void> {
    const { world } = { world: this.#world }
    world.faults.over = true
    world.gone.clear()
    world.trace?.('———  faults are over')
    for (const table of world.tables) await world.ports.config.putTable(tableConfig(table, world.onBadFile))
    this.#reconcile()
    await world.scheduler.run(STEP_LIMIT)
    for (let round = 0; round < QUIET_ROUNDS + world.puts.size && !this.#isDone(round); round += 1) {
      world.clock.advance(round === PATIENT_ROUNDS ? LONG_MS : QUIET_MS)
      this.#landing.replay(1)
      // Its schedule comes round again, which matters where a truncation is told by no event.
      if (world.truncations.size > 0) this.#reconcile()
      // Nothing is under way any more, which is what an operator waits for before forcing.
      this.#operator.look(true)
      await world.scheduler.run(STEP_LIMIT)
      for (const table of world.tables) this.#operator.backfill(table, false)
      await world.scheduler.run(STEP_LIMIT)
      this.#tick()
      if (!(await world.scheduler.run(STEP_LIMIT))) return world.violated('bounded', 'a quiet run does not end')
    }
  }

  #isDone(round: number): boolean {
    if (round === 0 || this.#operator.misses) return false
    return this.#world.tables.every(({ name }) => {
      const item = this.#world.ports.state.tables.get(name)
      const waits = (this.#world.ports.state.waiting.get(name)?.size ?? 0) > 0
      return !waits && (!item || item.refresh_status === 'completed')
    })
  }

  async #act(action: Action): Promise<void> {
    const { world } = { world: this.#world }
    if (action.kind !== 'put')
      world.trace?.(`———  ${action.kind}${action.kind === 'tick' && action.twice ? ' twice' : ''}`)
    if (action.kind !== 'put' && action.kind !== 'tick') world.faults.happened(action.kind)
    switch (action.kind) {
      case 'put':
        return this.#put(action)
      case 'tick':
        if (action.twice) {
          world.faults.happened('tick-twice')
          this.#tick()
        }
        return this.#tick()
      case 'execution-aborted':
        return this.#executions.findLast((one) => one.status === 'running')?.abort()
      case 'execution-redriven':
        return this.#executions.findLast((one) => one.status === 'aborted')?.redrive()
      case 'configuration-changed':
        return this.#reconfigure()
      case 'history-expired':
        return world.lakeOf(world.random.pick(world.tables).name).expire(1 + world.random.below(2))
      case 'file-gone-for-a-while':
        return this.#hideFile()
      case 'dead-letters-replayed-twice':
        return this.#landing.replay(2)
      case 'events-redelivered-late':
        return this.#announceAgain()
      case 'reconciled-in-between':
        return this.#reconcile()
      case 'operator-in-between':
        return this.#operator.look(world.random.chance(0.5) ? 'even claimed ones' : false)
      case 'rows-lost-and-backfilled':
        return this.#operator.backfill(world.random.pick(world.tables), true)
      case 'rebuilt-in-between':
        return this.#operator.rebuild(world.random.pick(world.tables))
      case 'table-truncated':
        return this.#truncate(world.random.pick(world.tables).name)
    }
  }

  #tick(): void {
    const execution = new Execution(`run-${this.#executions.length + 1}`, this.#world)
    this.#executions.push(execution)
    execution.run()
  }

  async #put(action: PutAction): Promise<void> {
    const { ports, puts, faults, trace } = this.#world
    const [schema, table] = action.table.split('_')
    const key = `internal_staging/${schema}/${table}/${action.name}`
    const body = JSON.stringify(action.changes)
    await ports.objects.put(STAGING, key, action.poisoned ? `${POISON} ${body}` : body)
    if (action.poisoned) faults.happened('file-poisoned')
    this.#world.gone.delete(key)
    this.#world.deleted.delete(key)
    const head = await ports.objects.head(STAGING, key)
    if (!head) throw new TypeError('what was just put is there')
    const file_id = fileIdOf({ bucket: STAGING, key, versionId: undefined, etag: head.etag, putAtS: head.put_at_s })
    const earlier = [...puts.values()].find((put) => put.key === key)
    if (earlier && action.name.startsWith('LOAD')) faults.happened('reload-in-the-middle')
    else if (earlier) faults.happened(earlier.etag === head.etag ? 'file-put-again' : 'key-overwritten')
    // Put anew at the end, since the newest put of a key is told by the order.
    puts.delete(file_id)
    puts.set(file_id, {
      file_id,
      table: action.table,
      key,
      etag: head.etag,
      changes: action.changes,
      poisoned: action.poisoned,
    })
    trace?.(
      `put  ${action.table}/${action.name} ${action.changes.map((c) => `${c.op}${c.key}${c.seq}`).join(' ')} → ${file_id.slice(6, 20)}`,
    )
    this.#landing.announce(key, head.etag, action.eventMs)
  }

  /** DMS deletes all of the table's objects. Not within the second of a put: which came first, S3's times don't tell. */
  async #truncate(table: string): Promise<void> {
    const { puts, deleted, truncations, scheduler, clock, ports } = this.#world
    if (truncations.has(table) || !ports.state.tables.get(table)?.last_snapshot) return
    await scheduler.sleep(1500)
    const keys = new Set([...puts.values()].filter((put) => put.table === table).map(({ key }) => key))
    truncations.set(table, Math.floor(clock.now() / 1000))
    for (const key of keys) deleted.add(key)
    for (const key of keys) this.#landing.announceDeletion(key)
    await scheduler.sleep(1500)
  }

  /** Long after the first time, in any order, when most of the files are settled. */
  #announceAgain(): void {
    for (const put of this.#world.puts.values()) this.#landing.announce(put.key, put.etag)
  }

  async #reconcile(): Promise<void> {
    try {
      const work = (ports: Ports) => reconcile({ dryRun: false, youngMs: 0 }, ports)
      const report = await this.#world.invoke('reconcile', 'reconcile', work)
      this.#world.trace?.(`reconcile  ${report.landed} landed, ${report.known} known`)
    } catch (error) {
      // Its schedule comes round again.
      if (!(error instanceof InvocationFailed)) throw error
    }
  }

  async #reconfigure(): Promise<void> {
    const { config } = this.#world.ports
    this.#maxFiles = 1 + this.#world.random.below(4)
    await config.putCadence({ ...cadenceConfig(this.#maxFiles), refresh_cadence: CADENCE })
    const table = this.#world.random.pick(this.#world.tables)
    const changed = tableConfig(table, this.#world.onBadFile, this.#world.random.chance(0.7))
    await config.putTable({ ...changed, merge: { ...changed.merge, drop_columns: ['note'] } })
  }

  async #hideFile(): Promise<void> {
    const keys = [...this.#world.puts.values()].map((put) => put.key)
    if (keys.length === 0) return
    const key = this.#world.random.pick(keys)
    this.#world.gone.add(key)
    this.#world.everGone.add(key)
    this.#world.scheduler.sleep(this.#world.random.below(1_800_000)).then(() => this.#world.gone.delete(key))
  }
}
