/** Peak memory of the whole local cloud while one Spark job works. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run as runProgram, Workplace } from '../e2e/support/tidegate.ts'
import type { Bench, Findings } from './page.ts'

const ROWS = 1_369_769
const CHANGES = 40_000
const SAMPLE_EVERY_MS = 250
const TARGET_GIB = 6

const CONFIG = `sources:
  bench: { prefix: in/, layout: "{schema}/{table}", shape: dms }
cadences:
  10_min_refresh: { every: 10 minutes }
tables:
  bench.trips:
    cadence: 10_min_refresh
    keys: [id]
    sequence_by: seq
    apply_as_deletes: { column: Op, equals: D }
    target: { database: bench_raw }
`

/** Fifteen columns of numbers and short texts; every thirty-fourth row is changed. */
const DATA = `
import os, sys, duckdb
rows, changes = int(sys.argv[1]), int(sys.argv[2])
columns = ", ".join([f"hash(id * {n}) % 100000 AS n{n}" for n in range(1, 8)] + [f"md5((id * {n})::text)[:12] AS t{n}" for n in range(1, 8)])
for folder in ("full/bench/trips", "changes/bench/trips"):
    os.makedirs(folder)
duckdb.sql(f"SELECT id, {columns} FROM range({rows}) AS r(id)").write_parquet("full/bench/trips/LOAD00000001.parquet")
duckdb.sql(f"""SELECT 'U' AS "Op", printf('%035d', id) AS seq, id, {columns}
    FROM (SELECT id * ({rows} // {changes}) AS id FROM range({changes}) AS r(id))""").write_parquet("changes/bench/trips/20260102-030405000.parquet")
`

async function run(): Promise<Findings> {
  const place = new Workplace()
  try {
    writeFileSync(join(place.folder, 'tidegate.yml'), CONFIG)
    const made = await runProgram(
      join(root, '.venv/bin/python'),
      ['-c', DATA, String(ROWS), String(CHANGES)],
      place.folder,
    )
    if (made.code !== 0) throw new Error(made.stderr)
    const { pid } = await place.json<{ pid: number }>('local', 'up', '--detach', '--port', '0')
    await place.json('config', 'apply', 'tidegate.yml')
    const idle = sample(pid)
    const load = await peakOf(pid, async () => apply(place, 'full', ROWS))
    const merge = await peakOf(pid, async () => apply(place, 'changes', CHANGES))
    const most = load.total > merge.total ? load : merge
    const row = (what: string, { total }: Sample) => ({
      what,
      target: `< ${TARGET_GIB} GiB`,
      measured: gib(total),
      met: total < TARGET_GIB * 2 ** 30,
    })
    return {
      rows: [
        { what: 'idle, after `config apply`', target: '-', measured: gib(idle.total) },
        row(`peak of a full load of ${ROWS.toLocaleString('en-US')} rows`, load),
        row(`peak of a merge of ${CHANGES.toLocaleString('en-US')} changes into it`, merge),
      ],
      notes: `At the highest of the peaks: ${[...most.parts]
        .sort(([, a], [, b]) => b - a)
        .map(([name, bytes]) => `${name} ${gib(bytes)}`)
        .join(', ')}.`,
    }
  } finally {
    await place.close()
  }
}

async function apply(place: Workplace, folder: string, rows: number): Promise<void> {
  await place.json('land', folder, '--prefix', 'in/', '--wait')
  const { rows: counted } = await place.json<{ rows: { read: number } }>('run', '10_min_refresh', '--wait')
  if (counted.read !== rows) throw new Error(`the run read ${counted.read} rows, not ${rows}`)
}

interface Sample {
  readonly total: number
  /** Bytes by program. */
  readonly parts: ReadonlyMap<string, number>
}

async function peakOf(pid: number, work: () => Promise<void>): Promise<Sample> {
  let peak = sample(pid)
  const timer = setInterval(() => {
    const now = sample(pid)
    if (now.total > peak.total) peak = now
  }, SAMPLE_EVERY_MS)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return peak
}

/** Proportional set sizes of the process and all below it: a page that several share counts once. */
function sample(pid: number): Sample {
  const parts = new Map<string, number>()
  let total = 0
  for (const one of treeOf(pid)) {
    try {
      const bytes = Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024
      const name = readFileSync(`/proc/${one}/comm`, 'utf8').trim().replace('MainThread', 'node')
      parts.set(name, (parts.get(name) ?? 0) + bytes)
      total += bytes
    } catch {
      // It has ended since it was listed.
    }
  }
  return { total, parts }
}

function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const parent = Number(
        readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1],
      )
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // As above.
    }
  }
  const below = (one: number): number[] => [one, ...(children.get(one) ?? []).flatMap(below)]
  return below(pid)
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`

export const bench: Bench = {
  title: 'Memory of the local cloud',
  method: `One job of one table, merge on read. Sum of the proportional set sizes (PSS) of all processes of the cloud, Spark among them, looked at every ${SAMPLE_EVERY_MS} ms; the command line that waits is not counted. Linux only.`,
  run,
}
