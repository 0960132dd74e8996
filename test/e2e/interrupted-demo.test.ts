/** Ctrl-C in the phases of the demo: it ends with 130, and nothing of it is left running or lying about. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { foreground, processesOf } from './support/foreground.ts'
import { root, Workplace } from './support/tidegate.ts'

interface Phase {
  readonly phase: string
  /** What is printed when it has begun. */
  readonly line: string
  readonly signal?: NodeJS.Signals
}

const early: Phase[] = [
  { phase: 'the local cloud starts', line: 'starting the local cloud' },
  { phase: 'the stack is deployed', line: 'deploying the stack' },
  { phase: 'Spark works', line: 'plan written' },
]
/** With TIDEGATE_DEEP=1: they come after minutes of work, or pass in no time. */
const late: Phase[] = [
  { phase: 'Spark works, and a supervisor ends it', line: 'plan written', signal: 'SIGTERM' },
  { phase: 'the configuration is applied', line: 'config apply' },
  { phase: 'the source database is filled', line: '2. A full load' },
  { phase: 'files are landed', line: 'npx tidegate land' },
  { phase: 'a run is started', line: 'npx tidegate run' },
  { phase: 'changes are made', line: '4. Rows change' },
  { phase: 'the lake is compared', line: '7. Is the lake' },
]

let place: Workplace
beforeEach(() => {
  place = new Workplace()
})
afterEach(() => place.close())

it.each(process.env.TIDEGATE_DEEP === '1' ? [...early, ...late] : early)(
  '$phase',
  async ({ line, signal = 'SIGINT' }) => {
    const args = [join(root, 'scripts/run.mjs'), 'demo', '--rows', '500']
    const demo = foreground(process.execPath, args, place.folder)
    await demo.until(line)
    demo.signal(signal)

    expect(await demo.ended, demo.said()).toBe(signal === 'SIGINT' ? 130 : 143)
    expect(demo.said()).toContain('The demo was stopped, and its cloud with it.')
    expect(demo.said()).not.toMatch(/TG\d{4}|Traceback|\n {4}at /)
    expect(processesOf(place.folder)).toEqual([])
    expect(readdirSync(join(place.folder, 'tmp'))).toEqual([])
  },
)
