/** `npm test [-- SUITE… [ARGUMENT…]]`: every suite, or the named ones; ends with a table and one line that sums it up. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endAll } from './exec.ts'
import { ROOT } from './places.ts'
import { PLAN, type Suite, type SuiteContext } from './suites.ts'
import { type Outcome, summary } from './summary.ts'

const suites = PLAN.flat(2)
const args = process.argv.slice(2)
const isSuite = (word: string) => suites.some(({ name }) => name === word)
const named = args.filter(isSuite)
const passedOn = args.filter((word) => !isSuite(word))
if (passedOn.length > 0 && named.length === 0) {
  console.error(`TG9905: name a suite before \`${passedOn.join(' ')}\`: ${suites.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

mkdirSync(join(ROOT, '.tmp'), { recursive: true })
const folder = mkdtempSync(join(ROOT, '.tmp', 'results-'))
const outcomes: Outcome[] = []
const width = Math.max(...suites.map(({ name }) => name.length))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    endAll()
    console.error('interrupted')
    process.exit(code)
  })
}

async function runSuite(suite: Suite): Promise<void> {
  const print: SuiteContext['print'] = (line) => console.log(`${suite.name.padEnd(width)} │ ${line}`)
  const since = performance.now()
  const tally = await suite.run({ folder, args: passedOn, print })
  outcomes.push({
    name: suite.name,
    budgetMinutes: suite.budgetMinutes,
    minutes: (performance.now() - since) / 60_000,
    ...tally,
  })
}

const began = performance.now()
for (const stage of PLAN) {
  await Promise.all(
    stage.map(async (lane) => {
      for (const suite of lane) if (named.length === 0 || named.includes(suite.name)) await runSuite(suite)
    }),
  )
}
const order = suites.map(({ name }) => name)
outcomes.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
console.log(summary(outcomes, (performance.now() - began) / 60_000))
process.exitCode = outcomes.some(({ failed }) => failed > 0) ? 1 : 0
