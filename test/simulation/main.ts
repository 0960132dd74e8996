/** `npm run simulate`: plays histories, and says what broke. */
import { parseArgs } from 'node:util'
import { BUGS } from './bugs.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { type History, type HistoryOptions, runHistory } from './history.ts'
import { play, type Work } from './play.ts'
import { shortened } from './shorten.ts'
import { addTo, emptyTally } from './tally.ts'

const PROGRESS_EVERY_MS = 30_000

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

function refuse(what: string, value: string, names: readonly string[]): never {
  process.stderr.write(`TG9905: there is no ${what} \`${value}\`. Name one of: ${names.join(', ')}\n`)
  process.exit(2)
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  process.stderr.write(`TG9905: \`--${name}\` is \`${text}\`. Give a whole number of at most 9 digits.\n`)
  process.exit(2)
}

const USAGE = 'npm run simulate -- [--histories N] [--seed S] [--workers N] [--faults KIND,…] [--bug NAME] [--trace]'

function readOptions() {
  try {
    return parseArgs({
      options: {
        histories: { type: 'string', default: '1000' },
        seed: { type: 'string', default: '1' },
        workers: { type: 'string', default: '1' },
        faults: { type: 'string' },
        bug: { type: 'string' },
        trace: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    process.stderr.write(`TG9905: ${(error as Error).message}. Usage: ${USAGE}\n`)
    process.exit(2)
  }
}

function readArguments() {
  const values = readOptions()
  const kinds = values.faults?.split(',') ?? FAULT_KINDS
  const isKind = (kind: string): kind is FaultKind => FAULT_KINDS.some((one) => one === kind)
  for (const kind of kinds) if (!isKind(kind)) refuse('kind of fault', kind, FAULT_KINDS)
  const bug = BUGS.find((one) => one.name === values.bug)
  if (values.bug !== undefined && !bug)
    refuse(
      'bug',
      values.bug,
      BUGS.map((one) => one.name),
    )
  const options: HistoryOptions = { kinds: kinds.filter(isKind), bug }
  const work: Work = {
    histories: wholeNumber('histories', values.histories),
    seed: wholeNumber('seed', values.seed),
    kinds: kinds.filter(isKind),
    bug: bug?.name,
    ...(values.trace ? { trace: say } : {}),
  }
  // A trace is told by one voice.
  return { work, workers: values.trace ? 1 : Math.max(1, wholeNumber('workers', values.workers)), options }
}

/** The failing history in its shortest form, step by step. */
async function tell(failing: History, options: HistoryOptions): Promise<void> {
  const { spared, history } = await shortened(failing, options)
  say(`\nseed ${failing.seed}, shortened from ${failing.steps} to ${history.steps} steps:`)
  await runHistory(failing.seed, { ...options, spared, trace: (line) => say(`  ${line}`) })
  for (const violation of history.violations) say(`  ✗ ${violation}`)
  const left = history.struck.map(({ kind, id }) => id || kind)
  say(`  faults that it takes: ${left.join(', ') || 'none'}`)
}

const { work, workers, options } = readArguments()
const began = performance.now()
const total = emptyTally()
let saidAt = began
await play(work, workers, (part) => {
  addTo(total, part)
  for (const { seed } of part.failing) process.stderr.write(`seed ${seed} breaks a rule\n`)
  if (performance.now() - saidAt <= PROGRESS_EVERY_MS) return
  saidAt = performance.now()
  process.stderr.write(`${total.histories} of ${work.histories}, ${total.violations} violations\n`)
})
const seconds = (performance.now() - began) / 1000
const cpuSeconds = process.cpuUsage().user / 1e6
for (const failing of total.failing) await tell(failing, options)
const struck = [...total.struck].sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
say(`\nfaults injected, of ${FAULT_KINDS.length} kinds:`)
for (const [kind, count] of struck) say(`  ${String(count).padStart(9)}  ${kind}`)
const { histories, steps, deepest, violations } = total
say(
  `${(histories / seconds).toFixed(0)} histories a second, ${(histories / cpuSeconds).toFixed(0)} a second of one core, which are ${(steps / cpuSeconds).toFixed(0)} steps; ${(steps / histories).toFixed(0)} steps each, ${deepest} at most`,
)
say(`${histories} histories, ${violations} violations`)
process.exitCode = violations === 0 ? 0 : 1
