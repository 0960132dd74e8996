#!/usr/bin/env node
// @ts-check
/** `tidegate …`: makes ready what the command needs, then runs cli/main.ts under the project's Node. */
import { readyThenRun } from '../scripts/bootstrap/index.mjs'

const args = process.argv.slice(2)
const words = args.filter((arg) => !arg.startsWith('-'))
const needsAll = words.includes('local') && words.includes('up')
const needsPython = words.includes('query')
await readyThenRun(
  needsAll ? ['node', 'python', 'java', 'jars'] : needsPython ? ['node', 'python'] : ['node'],
  'cli/main.ts',
  args,
)
