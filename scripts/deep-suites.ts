/** What takes too long for `npm test`: the same properties with many more examples, every kill and interruption, histories that nobody played yet, mutants. */
import { join } from 'node:path'
import { run } from './exec.ts'
import { scoreLines, scoresOf, tallyOfScores } from './mutation.ts'
import { node, ROOT, tool } from './places.ts'
import { judge, tallyOfHistories } from './results.ts'
import { checks, hardLimitMs, type Plan, pytest, reported, type Suite, semantics, vitest } from './suites.ts'

const HISTORIES = 200_000

/** Seeds of a day: each day plays histories that the day before did not. */
const seedOfToday = (): number => (Math.floor(Date.now() / 86_400_000) * HISTORIES) % 900_000_000

const histories: Suite = {
  name: 'histories',
  budgetMinutes: 30,
  run: async ({ args, print }) => {
    let last = ''
    const chosen = ['--histories', String(HISTORIES), '--seed', String(seedOfToday())]
    const argv = node(join('test', 'simulation', 'main.ts'), ...chosen, ...args)
    print(argv.slice(2).join(' '))
    const told = (line: string) => {
      last = line
      print(line)
    }
    const ended = await run({ argv, cwd: ROOT }, told, hardLimitMs(histories.budgetMinutes))
    return judge(tallyOfHistories(last), ended)
  },
}

const mutation: Suite = {
  name: 'mutation',
  budgetMinutes: 90,
  run: ({ args, print }) => {
    const report = join(ROOT, '.tmp', 'mutation', 'report.json')
    const argv = node(tool('@stryker-mutator/core/bin/stryker.js'), 'run', ...args)
    const read = (json: string) => {
      const scores = scoresOf(json)
      for (const line of scoreLines(scores)) print(line)
      return tallyOfScores(scores)
    }
    return reported({ argv, cwd: ROOT }, report, read, mutation.budgetMinutes, print)
  },
}

/** What `npm run check:deep` runs, one after the other: each has the machine for itself. */
export const DEEP_PLAN: Plan = [
  [
    [
      checks,
      vitest('unit', { name: 'unit', budgetMinutes: 20 }),
      pytest({ name: 'fuzz', budgetMinutes: 10, fixed: ['tests/test_fuzz_documents.py', 'tests/test_fuzz_files.py'] }),
      semantics,
      pytest({ name: 'killed-jobs', budgetMinutes: 40, fixed: ['tests/test_killed_jobs.py'] }),
      pytest({ name: 'real-history', budgetMinutes: 100, fixed: ['tests/test_real_history.py'] }),
      pytest({ name: 'random-histories', budgetMinutes: 60, fixed: ['tests/test_histories.py'] }),
      vitest('e2e', {
        name: 'interruptions',
        budgetMinutes: 30,
        fixed: ['test/e2e/interrupted-demo.test.ts'],
      }),
      histories,
      mutation,
    ],
  ],
]
