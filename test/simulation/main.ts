/** `npm run simulate -- [--histories N] [--seed S] [--faults KIND,…] [--bug NAME] [--trace]`: plays histories, and says what broke. */
import { parseArgs } from 'node:util'
import { BUGS } from './bugs.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { type History, type HistoryOptions, runHistory } from './history.ts'
import { shortened } from './shorten.ts'

/** More failures are counted, and not told. */
const TOLD = 3
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

function readArguments() {
  const { values } = parseArgs({
    options: {
      histories: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      faults: { type: 'string' },
      bug: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  })
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
  const [histories, seed] = [wholeNumber('histories', values.histories), wholeNumber('seed', values.seed)]
  return { histories, seed, trace: values.trace, options }
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

const { histories, seed, trace, options } = readArguments()
const began = performance.now()
const struck = new Map<string, number>()
let [steps, violations, deepest, saidAt] = [0, 0, 0, began]
for (let played = 0; played < histories; played += 1) {
  const history = await runHistory(seed + played, trace ? { ...options, trace: say } : options)
  steps += history.steps
  deepest = Math.max(deepest, history.steps)
  for (const { kind } of history.struck) struck.set(kind, (struck.get(kind) ?? 0) + 1)
  if (history.violations.length > 0) {
    violations += 1
    if (violations <= TOLD) await tell(history, options)
  }
  if (performance.now() - saidAt > PROGRESS_EVERY_MS) {
    saidAt = performance.now()
    process.stderr.write(`${played + 1} of ${histories}, ${violations} violations\n`)
  }
}
const seconds = (performance.now() - began) / 1000
const cpuSeconds = process.cpuUsage().user / 1e6
say(`\nfaults injected, of ${FAULT_KINDS.length} kinds:`)
for (const [kind, count] of [...struck].sort((a, b) => b[1] - a[1])) say(`  ${String(count).padStart(9)}  ${kind}`)
say(
  `${(histories / seconds).toFixed(0)} histories a second, ${(histories / cpuSeconds).toFixed(0)} a second of one core; ${(steps / histories).toFixed(0)} steps each, ${deepest} at most`,
)
say(`${histories} histories, ${violations} violations`)
process.exitCode = violations === 0 ? 0 : 1
