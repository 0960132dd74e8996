/** `npm run bench [-- NAME…]`: measures, prints, and writes its sections of docs/evidence/bench.md. Never part of the tests: machines are noisy. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type Bench, sectionOf, withSection } from './page.ts'

process.env.POWERTOOLS_METRICS_DISABLED = 'true'

const page = join(import.meta.dirname, '..', '..', 'docs', 'evidence', 'bench.md')

/** Every module of this folder that exports a `bench`, in the order of their names. */
async function allBenches(): Promise<Map<string, Bench>> {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  const benches = new Map<string, Bench>()
  for (const file of files.sort()) {
    const module = (await import(join(import.meta.dirname, file))) as { bench?: Bench }
    if (module.bench) benches.set(basename(file, '.ts'), module.bench)
  }
  return benches
}

/** Call it before measuring: the load is what others did then. */
function measuredOn(bench: Bench): string {
  const machine = `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`
  const busy = (loadavg()[0] ?? 0).toFixed(1)
  const versions = [`Node ${process.version}`, ...(bench.versions ?? [])].join(', ')
  return `Measured on ${new Date().toISOString().slice(0, 10)}, ${process.platform} ${process.arch}, ${machine}, load ${busy} before; ${versions}`
}

/** Measures one, and writes its section at once: what comes later may fail. */
async function measure(name: string, bench: Bench): Promise<boolean> {
  const on = measuredOn(bench)
  const findings = await bench.run()
  for (const { met, what, measured, target } of findings.rows)
    process.stdout.write(
      `${met === undefined ? '·' : met ? '✓' : '✗'} ${what}: ${measured}${met === undefined ? '' : ` (target ${target})`}\n`,
    )
  mkdirSync(dirname(page), { recursive: true })
  const before = existsSync(page) ? readFileSync(page, 'utf8') : ''
  writeFileSync(page, withSection(before, name, sectionOf(bench, on, findings)))
  return findings.rows.every(({ met }) => met !== false)
}

const benches = await allBenches()
const names = process.argv.length > 2 ? process.argv.slice(2) : [...benches.keys()]
const unknown = names.filter((name) => !benches.has(name))
if (unknown.length > 0) {
  process.stderr.write(
    `TG9905: there is no bench \`${unknown.join('`, `')}\`: name some of ${[...benches.keys()].join(', ')}\n`,
  )
  process.exit(2)
}
let good = true
for (const name of names) {
  const bench = benches.get(name)
  if (bench) good = (await measure(name, bench)) && good
}
process.exitCode = good ? 0 : 1
