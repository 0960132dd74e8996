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

/** Stages follow each other; the lanes of a stage run side by side, the suites of a lane one by one. */
export type Plan = readonly (readonly (readonly Suite[])[])[]

/** Over its budget a suite gets a warning, since machines are noisy; at this multiple it hangs, and is ended. */
const HARD_LIMIT = 2.5
export const hardLimitMs = (budgetMinutes: number): number => budgetMinutes * HARD_LIMIT * 60_000

/** Runs a tool, and reads what it did from the report that it leaves. */
export async function reported(
  command: Command,
  report: string,
  read: (text: string) => Tally,
  budgetMinutes: number,
  print: (line: string) => void,
): Promise<Tally> {
  const ended = await run(command, print, hardLimitMs(budgetMinutes))
  let tally: Tally | undefined
  try {
    tally = read(readFileSync(report, 'utf8'))
  } catch {
    // `judge` says that there is no report.
  }
  return judge(tally, ended)
}

interface Part {
  readonly name: string
  readonly budgetMinutes: number
  /** Always given to the tool, before what the command line passes on: files of the suite. */
  readonly fixed?: readonly string[]
}

/** Tests of one project of vitest.config.ts. */
export const vitest = (project: string, { name, budgetMinutes, fixed = [] }: Part): Suite => ({
  name,
  budgetMinutes,
  run: ({ folder, args, print }) => {
    const report = join(folder, `${name}.json`)
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const argv = node(tool('vitest/vitest.mjs'), 'run', '--project', project, ...reporters, ...fixed, ...args)
    return reported({ argv, cwd: ROOT }, report, tallyOfVitest, budgetMinutes, print)
  },
})

/** Tests of the Spark job. */
export const pytest = ({ name, budgetMinutes, fixed = [] }: Part): Suite => ({
  name,
  budgetMinutes,
  run: ({ folder, args, print }) => {
    const report = join(folder, `${name}.xml`)
    const argv = [PYTHON, '-m', 'pytest', '-q', `--junitxml=${report}`, ...fixed, ...args]
    return reported({ argv, cwd: SPARK_JOBS }, report, tallyOfJunit, budgetMinutes, print)
  },
})

export const checks: Suite = {
  name: 'checks',
  budgetMinutes: 2,
  run: async ({ print }) => {
    const all = allChecks()
    const failed = (await runChecks(all, print)).length
    return { passed: all.length - failed, failed, skipped: 0 }
  },
}

const suite = (name: string, budgetMinutes: number): Suite => vitest(name, { name, budgetMinutes })

/** What `npm test` runs: two lanes of about the same length, since every suite that starts Spark or a cloud waits for it half of the time. */
export const PLAN: Plan = [
  [
    [
      checks,
      suite('unit', 4),
      suite('contract', 3),
      suite('conformance', 5),
      pytest({ name: 'python', budgetMinutes: 17 }),
    ],
    [suite('e2e', 13), suite('documents', 12)],
  ],
]

/** The behaviour suite: what each kind of table holds after each case of test/fixtures/folding.json, where changes come in other shapes, and after each change of columns. */
export const semantics = pytest({
  name: 'semantics',
  budgetMinutes: 20,
  fixed: [
    'folding',
    'generations',
    'full_loads',
    'truncation',
    'sequence_columns',
    'partial_updates',
    'late_partial_updates',
    'key_changes',
    'envelopes',
    'shape_histories',
    'schema_policies',
  ].map((of) => `tests/test_${of}.py`),
})

/** What `npm run test:semantics` runs. */
export const SEMANTICS_PLAN: Plan = [[[semantics]]]
