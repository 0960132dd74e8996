import { defineConfig } from 'vitest/config'

const deep = process.env.TIDEGATE_DEEP === '1'

/** One project a suite: `unit` is pure, `contract` runs over memory and the local cloud, `conformance` and `e2e` start real parts, `documents` follows the pages. */
const suite = (name: string, timeoutMs: number, parallel: boolean, setupFiles: string[] = []) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: deep ? timeoutMs * 20 : timeoutMs,
    hookTimeout: timeoutMs,
    fileParallelism: parallel,
    setupFiles,
  },
})

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      suite('unit', 20_000, true, ['test/setup.ts']),
      suite('contract', 120_000, false),
      suite('conformance', 180_000, false),
      suite('e2e', 900_000, false),
      suite('documents', 900_000, false),
    ],
  },
})
