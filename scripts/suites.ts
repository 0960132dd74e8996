/** The test suites: what each runs, and how many minutes it may take. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allChecks, runChecks } from './checks.ts'
import { type Command, run } from './exec.ts'
import { node, PYTHON, ROOT, SPARK_JOBS, tool } from './places.ts'
import { judge, type Tally, tallyOfJunit, tallyOfVitest } from './results.ts'

export interface SuiteContext {
  /** A folder for the suite's report. */
  readonly folder: string
  /** Passed on to vitest or pytest: files, `-t name`. */
  readonly args: readonly string[]
  readonly print: (line: string) => void
}

export interface Suite {
  readonly name: string
  readonly budgetMinutes: number
  readonly run: (context: SuiteContext) => Promise<Tally>
}

/** Over its budget a suite gets a warning, since machines are noisy; at this multiple it hangs, and is ended. */
const HARD_LIMIT = 2.5

const deep = process.env.TIDEGATE_DEEP === '1'
const timeoutMs = (budgetMinutes: number) => budgetMinutes * HARD_LIMIT * 60_000 * (deep ? 10 : 1)

async function reported(
  command: Command,
  report: string,
  read: (text: string) => Tally,
  budgetMinutes: number,
  print: (line: string) => void,
) {
  const ended = await run(command, print, timeoutMs(budgetMinutes))
  let tally: Tally | undefined
  try {
    tally = read(readFileSync(report, 'utf8'))
  } catch {
    // `judge` says that there is no report.
  }
  return judge(tally, ended)
}

const vitest = (name: string, budgetMinutes: number): Suite => ({
  name,
  budgetMinutes,
  run: ({ folder, args, print }) => {
    const report = join(folder, `${name}.json`)
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const argv = node(tool('vitest/vitest.mjs'), 'run', '--project', name, ...reporters, ...args)
    return reported({ argv, cwd: ROOT }, report, tallyOfVitest, budgetMinutes, print)
  },
})

const python: Suite = {
  name: 'python',
  budgetMinutes: 11,
  run: ({ folder, args, print }) => {
    const report = join(folder, 'python.xml')
    const argv = [PYTHON, '-m', 'pytest', '-q', `--junitxml=${report}`, ...args]
    return reported({ argv, cwd: SPARK_JOBS }, report, tallyOfJunit, python.budgetMinutes, print)
  },
}

const checks: Suite = {
  name: 'checks',
  budgetMinutes: 2,
  run: async ({ print }) => {
    const all = allChecks()
    const failed = (await runChecks(all, print)).length
    return { passed: all.length - failed, failed, skipped: 0 }
  },
}

/** Stages follow each other; the lanes of a stage run side by side, the suites of a lane one by one. Python waits for Spark half of the time. */
export const PLAN: readonly (readonly (readonly Suite[])[])[] = [
  [[checks, vitest('unit', 2), vitest('contract', 3)], [python]],
  [[vitest('conformance', 4), vitest('e2e', 17)]],
]
