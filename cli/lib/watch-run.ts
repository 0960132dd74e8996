/** Shows a run on standard error while it is at work, until it ends or somebody has seen enough. */
import { EngineError, messageOf, TidegateError } from '../../shared/errors.ts'
import type { RunEvent } from './follow-run.ts'
import { duration } from './human.ts'
import { Interrupted, type SignalWatch } from './interrupted.ts'
import { type LiveBlock, liveBlock } from './live-block.ts'
import { runPhases } from './run-phases.ts'
import { isFailure, narrate, widthOf } from './run-story.ts'

/** Failures are told again at the end if more other lines than these came after the first of them. */
const inSight = 5

/**
 * Tells the events while they come, and gives them all. Throws Interrupted at a signal: the run itself goes on; EngineError
 * TG5610 when the cloud does not answer any more.
 */
export async function watchRun(
  follow: AsyncGenerator<RunEvent>,
  name: string,
  signals: Pick<SignalWatch, 'first'>,
): Promise<RunEvent[]> {
  const since = Date.now()
  const phases = runPhases()
  const block = liveBlock(process.stderr, () => phases.lines(Date.now() - since))
  const tell = teller(block)
  const events: RunEvent[] = []
  try {
    for (;;) {
      const next = await Promise.race([follow.next(), signals.first])
      if (typeof next === 'string')
        throw new Interrupted(next, goesOn(name, `${phases.sentence()}, after ${duration(Date.now() - since)}`))
      if (next.done) return events
      events.push(next.value)
      phases.saw(next.value)
      tell(next.value)
    }
  } catch (error) {
    if (error instanceof TidegateError || error instanceof Interrupted) throw error
    throw lost(name, error)
  } finally {
    block.end()
  }
}

/** Prints events as lines, with the names of tables aligned; what failed stands near the end, however long the run. */
export function teller(block: Pick<LiveBlock, 'print'>): (event: RunEvent) => void {
  const failures: string[] = []
  let width = 0
  let linesSinceFirst = 0
  return (event) => {
    width = Math.max(width, widthOf(event))
    const lines = narrate(event, width)
    const again = event.kind === 'ended' && linesSinceFirst - failures.length > inSight
    for (const line of again ? [...failures, ...lines] : lines) block.print(line)
    if (isFailure(event)) failures.push(...lines)
    if (failures.length > 0) linesSinceFirst += lines.length
  }
}

const goesOn = (name: string, where: string): string =>
  `no longer watching: the run \`${name}\` goes on (${where}). ${lookAt(name)}`

const lookAt = (name: string): string =>
  `\`tidegate status\` shows its tables, \`tidegate logs ${name}\` what it writes, \`tidegate runs\` how it ended.`

const lost = (name: string, cause: unknown): EngineError =>
  new EngineError('TG5610', `the run \`${name}\` can't be watched any more (${messageOf(cause)}). ${lookAt(name)}`, {
    certainty: 'unknown',
    cause,
  })
