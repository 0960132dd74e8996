// @ts-check
/** `node scripts/run.mjs TASK [arguments]`: makes ready what the task needs, then runs it under the pinned Node. */
import { readyThenRun } from './bootstrap/index.mjs'
import { TASKS } from './tasks.mjs'

const [name = '', ...args] = process.argv.slice(2)
const task = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined
if (task) await readyThenRun(task.needs, task.entry, [...(task.args ?? []), ...args], task.env ? { env: task.env } : {})
else {
  const width = Math.max(...Object.keys(TASKS).map((key) => key.length))
  const lines = Object.entries(TASKS).map(([key, { summary }]) => `  ${key.padEnd(width)}  ${summary}`)
  process.stderr.write(
    `TG9905: there is no task \`${name}\`. Run one of these with \`npm run TASK\`:\n${lines.join('\n')}\n`,
  )
  process.exitCode = 2
}
