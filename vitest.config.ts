import { defineConfig } from 'vitest/config'

/** One project a suite: `unit` is pure, `contract` runs over memory and the local cloud, `conformance` and `e2e` start real parts. */
const suite = (name: string, timeoutMs: number, parallel: boolean) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    fileParallelism: parallel,
  },
})

export default defineConfig({
  test: {
    projects: [
      suite('unit', 20_000, true),
      suite('contract', 120_000, false),
      suite('conformance', 180_000, false),
      suite('e2e', 900_000, false),
    ],
  },
})
