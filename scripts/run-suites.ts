/** Runs suites of the command line, every one or the named ones, and ends with a table and one line that sums it up. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endAll } from './exec.ts'
import { ROOT } from './places.ts'
import type { Plan, Suite, SuiteContext } from './suites.ts'
import { type Outcome, summary } from './summary.ts'

/** `args`: names of suites, then what is passed on to each of them. Sets the exit code: 1 if anything failed, 2 for wrong usage. */
export async function runSuites(plan: Plan, args: readonly string[]): Promise<void> {
  const suites = plan.flat(2)
  const names = suites.map(({ name }) => name)
  const named = args.filter((word) => names.includes(word))
  const passedOn = args.filter((word) => !names.includes(word))
  if (passedOn.length > 0 && named.length === 0) {
    console.error(`TG9905: name a suite before \`${passedOn.join(' ')}\`: ${names.join(', ')}`)
    process.exitCode = 2
    return
  }

  mkdirSync(join(ROOT, '.tmp'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, '.tmp', 'results-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  endOnSignals()

  const outcomes: Outcome[] = []
  const width = Math.max(...names.map((name) => name.length))
  const runSuite = async (suite: Suite): Promise<void> => {
    const print: SuiteContext['print'] = (line) => console.log(`${suite.name.padEnd(width)} │ ${line}`)
    const since = performance.now()
    const tally = await suite.run({ folder, args: passedOn, print })
    const minutes = (performance.now() - since) / 60_000
    outcomes.push({ name: suite.name, budgetMinutes: suite.budgetMinutes, minutes, ...tally })
  }
  const began = performance.now()
  for (const stage of plan) {
    await Promise.all(
      stage.map(async (lane) => {
        for (const suite of lane) if (named.length === 0 || named.includes(suite.name)) await runSuite(suite)
      }),
    )
  }
  outcomes.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
  console.log(summary(outcomes, (performance.now() - began) / 60_000))
  process.exitCode = outcomes.some(({ failed }) => failed > 0) ? 1 : 0
}

function endOnSignals(): void {
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
}
