// @ts-check
/** The tasks behind `npm run …`: what each needs, and which file it runs. */

/** @typedef {{ needs: import('./bootstrap/index.mjs').Need[], entry: string, args?: string[], env?: Record<string, string>, summary: string }} Task */

/** @type {Record<string, Task>} */
export const TASKS = {
  demo: {
    needs: ['node', 'python', 'java', 'jars'],
    entry: 'demo/main.ts',
    summary: 'the whole product on this machine, in about three minutes',
  },
  test: {
    needs: ['node', 'python', 'java', 'jars'],
    entry: 'scripts/test.ts',
    summary: 'every check and every test suite; `-- unit` runs one',
  },
  'test:semantics': {
    needs: ['node', 'python', 'java', 'jars'],
    entry: 'scripts/semantics.ts',
    env: { TIDEGATE_DEEP: '1' },
    summary: 'what changes do to a table: every case over every format and type of table',
  },
  check: {
    needs: ['node', 'python'],
    entry: 'scripts/check.ts',
    summary: 'types, format, lint, dependency rule, dead code; `-- types` runs one',
  },
  'check:deep': {
    needs: ['node', 'python', 'java', 'jars'],
    entry: 'scripts/deep.ts',
    env: { TIDEGATE_DEEP: '1' },
    summary: 'what takes hours: many more examples, every kill and interruption, mutants; `-- mutation` runs one step',
  },
  bench: {
    needs: ['node', 'python', 'java', 'jars'],
    entry: 'test/bench/main.ts',
    summary: 'what the hot paths cost, into docs/evidence/bench.md; `-- NAME…` measures some again',
  },
  simulate: {
    needs: ['node'],
    entry: 'test/simulation/main.ts',
    summary: 'random histories under faults; `-- --histories 100000 --seed 7` plays these',
  },
  generate: { needs: ['node'], entry: 'scripts/generate.ts', summary: 'generated files, from the contracts' },
  package: {
    needs: ['node', 'python'],
    entry: 'node_modules/osls/bin/serverless.js',
    args: ['package'],
    summary: 'the deployable package, in .serverless/',
  },
}
