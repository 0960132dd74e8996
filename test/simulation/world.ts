/** Everything that one history plays in: the memory adapters over one state, the lake, the engine, and what was put. */
import type { BatchConfig, TableConfig } from '../../shared/contracts/config.ts'
import { controlLayout } from '../../shared/contracts/control-layout.ts'
import { TidegateError } from '../../shared/errors.ts'
import { sourcesFrom } from '../../shared/landing/sources.ts'
import { createMemoryClock } from '../../shared/memory/clock.ts'
import { createMemoryConfigStore } from '../../shared/memory/config-store.ts'
import { createMemoryFileCensus } from '../../shared/memory/file-census.ts'
import { createMemoryFileLedger } from '../../shared/memory/file-ledger.ts'
import { createMemoryObjectStore } from '../../shared/memory/object-store.ts'
import { createMemorySignals } from '../../shared/memory/signals.ts'
import { emptyState } from '../../shared/memory/state.ts'
import { createMemoryTableLedger } from '../../shared/memory/table-ledger.ts'
import type { Executions } from '../../shared/ports/executions.ts'
import type { JobRuns } from '../../shared/ports/job-runs.ts'
import { Children } from './children.ts'
import { Engine } from './engine.ts'
import type { Faults } from './faults.ts'
import type { Change } from './lake.ts'
import { LakeTable } from './lake.ts'
import { CADENCE, CONTROL, STAGING } from './names.ts'
import { type Doors, doorsTo, InvocationFailed, Process } from './process.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import type { SimulatedTable } from './script.ts'
import type { SparkRules } from './spark-rules.ts'
import { watch } from './watch.ts'

const DAY_MS = 86_400_000
/** A reload is complete after so long without a full-load file. */
export const QUIET_MS = 600_000

export type Lambda = 'file-manager' | 'batch-manager' | 'claim-batch' | 'settle-batch' | 'summarise-run' | 'reconcile'

/** One object that was put on the staging bucket. */
export interface Put {
  readonly file_id: string
  readonly table: string
  readonly key: string
  readonly etag: string
  readonly changes: readonly Change[]
  readonly poisoned: boolean
}

/** A deliberate defect, for the suite that shows that the simulator finds it. */
export interface Bug {
  readonly name: string
  /** Replaces ports of a Lambda; what it calls is a step like any other. */
  readonly ports?: (ports: Ports, lambda: Lambda, world: World) => Ports
  /** Breaks the model of the job. */
  readonly spark?: Partial<SparkRules>
}

export interface Setting {
  readonly seed: number
  readonly faults: Faults
  readonly tables: readonly SimulatedTable[]
  readonly maxFiles: number
  readonly spark: SparkRules
  readonly bug?: Bug | undefined
  readonly trace?: ((line: string) => void) | undefined
}

export type Ports = ReturnType<typeof portsOf>

function portsOf(
  clock: ReturnType<typeof createMemoryClock>,
  gone: ReadonlySet<string>,
  deleted: ReadonlySet<string>,
  executions: Executions,
  jobRuns: JobRuns,
) {
  const state = emptyState()
  const objects = createMemoryObjectStore(clock)
  const head: typeof objects.head = async (bucket, key, etag) =>
    bucket === STAGING && (gone.has(key) || deleted.has(key)) ? undefined : objects.head(bucket, key, etag)
  const listed: typeof objects.listed = async function* (...args) {
    for await (const object of objects.listed(...args)) if (!deleted.has(object.key)) yield object
  }
  const ports = {
    clock,
    config: createMemoryConfigStore(state),
    files: createMemoryFileLedger(state),
    census: createMemoryFileCensus(state),
    tables: createMemoryTableLedger(state),
    objects: { ...objects, head, listed },
    executions,
    jobRuns,
    signals: createMemorySignals(),
    controlBucket: CONTROL,
    stagingBucket: STAGING,
    historyTtlMs: 400 * DAY_MS,
    state,
  }
  return { ...ports, sources: sourcesFrom(ports.objects, CONTROL, clock) }
}

export class World {
  readonly seed: number
  readonly random: Random
  readonly clock = createMemoryClock()
  readonly scheduler: Scheduler
  readonly faults: Faults
  readonly spark: SparkRules
  readonly tables: Setting['tables']
  readonly ports: Ports
  readonly children = new Children()
  readonly engine = new Engine(this)
  readonly lake = new Map<string, LakeTable>()
  readonly puts = new Map<string, Put>()
  /** Keys that nobody can read for the moment, and all that ever were so. */
  readonly gone = new Set<string>()
  readonly everGone = new Set<string>()
  /** Keys that a truncation deleted. */
  readonly deleted = new Set<string>()
  /** When the source truncated which table, seconds: once a history. */
  readonly truncations = new Map<string, number>()
  /** Tables whose files an operator had applied again. */
  readonly appliedAgain = new Set<string>()
  readonly violations: string[] = []
  readonly trace: ((line: string) => void) | undefined
  readonly #bug: Bug | undefined
  readonly #doors: Doors<Ports>
  #invocations = 0

  constructor(setting: Setting) {
    this.seed = setting.seed
    this.random = new Random(setting.seed, 'world')
    this.scheduler = new Scheduler(this.clock, new Random(setting.seed, 'scheduler'))
    this.faults = setting.faults
    this.spark = setting.spark
    this.tables = setting.tables
    this.trace = setting.trace
    this.#bug = setting.bug
    this.ports = portsOf(this.clock, this.gone, this.deleted, this.children, this.engine)
    for (const { name } of setting.tables) this.lake.set(name, new LakeTable())
    watch(this)
    this.#doors = doorsTo(this.ports)
  }

  /** A file that stays bad holds its table for ever by policy `hold`. */
  get onBadFile(): 'hold' | 'quarantine' {
    return this.faults.has('file-poisoned') ? 'quarantine' : 'hold'
  }

  /** Configuration as `config apply` leaves it. */
  async configure(maxFiles: number): Promise<void> {
    const { config, objects } = this.ports
    await config.putCadence(cadenceConfig(maxFiles))
    for (const table of this.tables) await config.putTable(tableConfig(table, this.onBadFile))
    await objects.put(CONTROL, controlLayout.sources, JSON.stringify(SOURCES))
  }

  lakeOf(table: string): LakeTable {
    const found = this.lake.get(table)
    if (!found) throw new RangeError(`no table ${table}`)
    return found
  }

  violated(rule: string, what: string): void {
    this.violations.push(`[${rule}] ${what}`)
  }

  /**
   * Calls a Lambda once. Throws InvocationFailed: it died, its answer was lost while it goes on, or it threw; `retried` says
   * whether the state machine's Retry would name the error.
   */
  async invoke<T>(lambda: Lambda, name: string, work: (ports: Ports, process: Process) => Promise<T>): Promise<T> {
    this.#invocations += 1
    const process = new Process(`${name}/${lambda}.${this.#invocations}`, this)
    const wrapped = process.through(this.#doors)
    const ports = this.#bug?.ports?.(wrapped, lambda, this) ?? wrapped
    const answer = work(ports, process).catch((error) => {
      this.trace?.(`${process.actor.name}  threw ${error}`)
      throw error instanceof InvocationFailed ? error : new InvocationFailed(String(error), isTransient(error))
    })
    const ends: Promise<T>[] = [answer, process.died]
    if (lambda !== 'file-manager' && this.faults.strikes('lambda-answer-lost', process.actor))
      ends.push(this.#lost(process))
    return Promise.race(ends)
  }

  async #lost(process: Process): Promise<never> {
    await this.scheduler.sleep(this.random.below(3000))
    process.stall(this.random.pick([0, 20_000, 300_000]))
    this.trace?.(`${process.actor.name}  its answer is lost; it goes on`)
    throw new InvocationFailed('the answer was lost', true)
  }
}

/** As functions/_shared/step-handler.ts names errors that a Retry matches. */
const isTransient = (error: unknown): boolean => error instanceof TidegateError && error.certainty !== 'terminal'

const SOURCES = {
  contract: 'tidegate.sources/1',
  applied_at_ms: 0,
  sources: { operational: { prefix: 'internal_staging/', layout: '{schema}/{table}', shape: 'dms' } },
}

export const cadenceConfig = (maxFiles: number): BatchConfig => ({
  refresh_cadence: CADENCE,
  datalake_format: 'iceberg',
  engine: 'glue',
  glue_job_name: 'tidegate',
  glue_job_worker_type: 'G.1X',
  glue_job_max_workers: 10,
  refresh_tables_batch_size: 2,
  max_concurrency: 4,
  max_files_per_claim: maxFiles,
  max_bytes_per_claim: 1_000_000,
  applied_at_ms: 0,
})

/** `shop_orders` is schema `shop`, table `orders`. */
export function tableConfig(
  { name, mode, format, truncated }: SimulatedTable,
  onBadFile: 'hold' | 'quarantine',
  active = true,
): TableConfig {
  const [schema = '', table = ''] = name.split('_')
  return {
    refresh_cadence: CADENCE,
    source_table_name: name,
    is_active: active ? 'Y' : 'N',
    schema_name: schema,
    table_name: table,
    raw_database_name: 'raw',
    raw_database_S3_bucket: 'raw',
    raw_table_name: name,
    table_data_versioning_type: mode,
    merge: {
      mode: mode === 'S' ? 'snapshot' : 'historical',
      keys: ['id'],
      sequence_by: 'seq',
      apply_as_deletes: { column: 'op', equals: 'D' },
      drop_columns: [],
      on_bad_file: onBadFile,
    },
    target: {
      format,
      database: 'raw',
      table: name,
      location: `s3://raw/raw/${name}`,
      write_mode: 'merge_on_read',
      partition_by: [],
      properties: {},
    },
    max_attempts: 5,
    ...(truncated === 'empty' ? { on_truncate: 'empty' as const } : {}),
    reload: { complete_when: 'quiet', quiet_ms: QUIET_MS },
    applied_at_ms: 0,
  }
}
