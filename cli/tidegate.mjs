#!/usr/bin/env node
// @ts-check
/** `tidegate …`: makes ready what the command needs, then runs cli/main.ts under the project's Node. */
import { readyThenRun } from '../scripts/bootstrap/index.mjs'

const args = process.argv.slice(2)
const needsAll = args[0] === 'local' && args[1] === 'up'
const needsPython = args[0] === 'query'
await readyThenRun(
  needsAll ? ['node', 'python', 'java', 'jars'] : needsPython ? ['node', 'python'] : ['node'],
  'cli/main.ts',
  args,
)
