/** What happens from outside in one history: files that are put, ticks of the schedule, and what people and the cloud do. */
import type { FaultKind, Faults } from './faults.ts'
import type { Change } from './lake.ts'
import { Random } from './random.ts'

export interface PutAction {
  readonly kind: 'put'
  readonly table: string
  readonly name: string
  readonly changes: readonly Change[]
  /** No job can read it. */
  readonly poisoned: boolean
  /** How long its event takes, whatever else delays it. */
  readonly eventMs?: number
}

export type Action = { readonly pauseMs: number } & (
  | PutAction
  | { readonly kind: 'tick'; readonly twice: boolean }
  | { readonly kind: Extract<FaultKind, 'execution-aborted' | 'execution-redriven' | 'configuration-changed'> }
  | { readonly kind: Extract<FaultKind, 'events-redelivered-late' | 'reconciled-in-between'> }
  | { readonly kind: Extract<FaultKind, 'history-expired' | 'file-gone-for-a-while'> }
  | { readonly kind: Extract<FaultKind, 'dead-letters-replayed-twice' | 'operator-in-between'> }
  | { readonly kind: Extract<FaultKind, 'rows-lost-and-backfilled' | 'rebuilt-in-between' | 'table-truncated'> }
)

export interface SimulatedTable {
  readonly name: string
  readonly mode: 'S' | 'H'
  readonly format: 'iceberg' | 'hudi'
  /** What its policy, or an operator, decides when it is truncated. */
  readonly truncated: 'empty' | 'complete' | 'release'
}

export interface Script {
  readonly tables: readonly SimulatedTable[]
  readonly maxFiles: number
  readonly actions: readonly Action[]
}

const KEYS = ['a', 'b', 'c']
const MINUTE_MS = 60_000
const OUTSIDE = [
  'execution-aborted',
  'execution-redriven',
  'configuration-changed',
  'history-expired',
  'file-gone-for-a-while',
  'dead-letters-replayed-twice',
  'operator-in-between',
  'events-redelivered-late',
  'reconciled-in-between',
  'rows-lost-and-backfilled',
  'rebuilt-in-between',
  'table-truncated',
] as const

export function scriptOf(seed: number, faults: Faults): Script {
  const random = new Random(seed, 'script')
  const names = random.chance(0.85) ? ['shop_a'] : ['shop_a', 'shop_b']
  const tables = names.map((name) => tableOf(name, seed, faults, random.chance(0.5) ? 'S' : 'H'))
  const actions: Action[] = names.flatMap((name) => putsOf(name, faults, random))
  const insert = (action: Action) => actions.splice(random.below(actions.length + 1), 0, action)
  for (let ticks = random.below(3); ticks > 0; ticks -= 1) {
    if (faults.has('tick-missed') && random.chance(0.4)) {
      faults.happened('tick-missed')
      continue
    }
    insert({ kind: 'tick', twice: faults.has('tick-twice') && random.chance(0.5), pauseMs: pause(random) })
  }
  actions.push({ kind: 'tick', twice: false, pauseMs: pause(random) })
  if (faults.has('reload-in-the-middle')) actions.push(...inPeace(names, random))
  for (const kind of OUTSIDE) {
    if (!faults.has(kind)) continue
    insert({ kind, pauseMs: pause(random) })
    if (random.chance(0.5)) actions.push({ kind, pauseMs: pause(random) })
  }
  if (faults.has('execution-aborted') && faults.has('execution-redriven')) actions.push(...passedOver(random))
  if (faults.has('table-truncated')) actions.push(...putSince(names, random))
  if (faults.has('job-started-twice') && faults.has('job-slow')) actions.push(...inSuccession(names, random))
  return { tables, maxFiles: 1 + random.below(4), actions }
}

/** Rule 8 for a single writer rests on the engine's word: Hudi is no table for a job that lives on when its end was told. */
function tableOf(name: string, seed: number, faults: Faults, mode: 'S' | 'H'): SimulatedTable {
  const random = new Random(seed, `table ${name}`)
  const format = !faults.has('job-zombie') && random.chance(0.3) ? 'hudi' : 'iceberg'
  const truncated = random.pick(['empty', 'complete', 'release'] as const)
  return { name, mode, format, truncated: mode === 'S' ? truncated : 'release' }
}

/** Runs that follow each other while a job of the one before may still sleep. */
const inSuccession = (names: readonly string[], random: Random): Action[] =>
  [1, 2].flatMap((n): Action[] => {
    const changes = [{ op: random.pick(['U', 'D'] as const), seq: `7${n}`, key: random.pick(KEYS) }]
    const name = `20231118-10103${n}001.parquet`
    const put = { kind: 'put' as const, table: random.pick(names), name, changes, poisoned: false }
    return [
      { ...put, pauseMs: pause(random) },
      { kind: 'tick', twice: false, pauseMs: random.below(4 * MINUTE_MS) },
    ]
  })

/** The source goes on after the truncation. */
const putSince = (names: readonly string[], random: Random): Action[] =>
  [1, 2].map((n): Action => {
    const name = `20231118-10105${n}001.parquet`
    const changes = [{ op: random.pick(['I', 'U', 'D'] as const), seq: `8${n}`, key: random.pick(KEYS) }]
    return { kind: 'put', table: random.pick(names), name, changes, poisoned: false, pauseMs: pause(random) }
  })

/** Ticks far enough apart that a reload is quiet, with one more of its files or a change in between. */
const inPeace = (names: readonly string[], random: Random): Action[] =>
  [1, 2].flatMap((n): Action[] => {
    const name = random.chance(0.3) ? 'LOAD00000004.parquet' : `20231118-10104${n}001.parquet`
    const [key = 'a', seq] = [random.pick(KEYS), `9${n}`]
    const changes = name.startsWith('LOAD')
      ? rowsOf(3 + n, ['d'])
      : [{ op: random.pick(['U', 'D'] as const), seq, key }]
    const put = {
      kind: 'put' as const,
      table: random.pick(names),
      name,
      changes,
      poisoned: false,
      pauseMs: pause(random),
    }
    return [put, { kind: 'tick', twice: false, pauseMs: random.below(25 * MINUTE_MS) }]
  })

/** An execution that is aborted, passed over by the next one, and redriven while that one is at work. */
const passedOver = (random: Random): Action[] => [
  { kind: 'tick', twice: false, pauseMs: pause(random) },
  { kind: 'execution-aborted', pauseMs: random.below(12_000) },
  { kind: 'tick', twice: false, pauseMs: random.below(12_000) },
  { kind: 'execution-redriven', pauseMs: random.below(12_000) },
]

/** At once, within seconds, or by and by. */
const pause = (random: Random): number => random.below(random.pick([1, 4000, 30_000, 5 * MINUTE_MS, 15 * MINUTE_MS]))

function putsOf(table: string, faults: Faults, random: Random): Action[] {
  const files: Action[] = []
  let sequence = 0
  const put = (name: string, changes: readonly Change[]): PutAction & { pauseMs: number } => ({
    kind: 'put',
    table,
    name,
    changes,
    poisoned: faults.has('file-poisoned') && random.chance(0.3),
    pauseMs: pause(random),
  })
  const change = (): Change => {
    sequence += 1
    const op = random.pick(['I', 'U', 'U', 'D', 'D'] as const)
    return { op, seq: String(sequence).padStart(4, '0'), key: random.pick(KEYS) }
  }
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const name = `20231118-1010${String(files.length + 10)}001.parquet`
    files.push(put(name, Array.from({ length: 1 + random.below(2) }, change)))
  }
  if (random.chance(faults.has('reload-in-the-middle') ? 0.9 : 0.3)) {
    const load = put('LOAD00000001.parquet', rowsOf(1, KEYS.slice(0, 1 + random.below(3))))
    files.splice(random.chance(0.7) ? 0 : random.below(files.length + 1), 0, load)
  }
  if (faults.has('file-late') && files.length > 1) {
    const [late] = files.splice(random.below(files.length - 1), 1)
    if (late) files.push({ ...late, pauseMs: random.below(30 * MINUTE_MS) })
    faults.happened('file-late')
  }
  const changeFiles = files.filter((file) => file.kind === 'put' && file.name.startsWith('2023'))
  const victim = changeFiles[random.below(changeFiles.length)]
  if (victim?.kind === 'put') {
    const after = files.indexOf(victim) + 1
    if (faults.has('key-overwritten')) files.splice(after, 0, put(victim.name, [change(), change()]))
    if (faults.has('file-put-again')) files.splice(after, 0, put(victim.name, victim.changes))
  }
  if (faults.has('reload-in-the-middle'))
    for (let load = 2; load <= 2 + random.below(2); load += 1) reload(files, load, put, random)
  return files
}

const rowsOf = (load: number, keys: readonly string[]): Change[] => keys.map((key) => ({ op: 'L', seq: '', key, load }))

/** The key of the first load again, with other rows, or the very same; perhaps with a file of its own after or before it. */
function reload(
  files: Action[],
  load: number,
  put: (name: string, changes: readonly Change[]) => PutAction & { pauseMs: number },
  random: Random,
): void {
  const before = files.findLastIndex((file) => file.kind === 'put' && file.name === 'LOAD00000001.parquet')
  if (before === -1) return
  const [first, ...others] = random.chance(0.5) ? KEYS : [...KEYS].reverse()
  const again = put('LOAD00000001.parquet', rowsOf(load, first ? [first] : []))
  const at = before + 1 + random.below(files.length - before)
  // Not within one second: which put of that second counts, only S3 knows.
  const eventMs = random.pick([0, 0, 20 * MINUTE_MS])
  files.splice(at, 0, { ...again, eventMs, pauseMs: again.pauseMs + 1500 })
  if (random.chance(0.4)) return
  const more = put(`LOAD0000000${load}.parquet`, rowsOf(load, others.slice(random.below(2))))
  files.splice(at + random.below(2), 0, { ...more, pauseMs: more.pauseMs + 1500 })
}
