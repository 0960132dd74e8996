/** Shortens a failing history: leaves out whatever strike or action it fails without, until nothing more can be left out. */
import { type History, type HistoryOptions, runHistory } from './history.ts'

const ROUNDS = 6

/** What is left out, and the history as it is then. It still breaks the same rule first. */
export async function shortened(
  failing: History,
  options: HistoryOptions,
): Promise<{ spared: ReadonlySet<string>; history: History }> {
  const rule = ruleOf(failing)
  let spared: ReadonlySet<string> = new Set(options.spared)
  let history = failing
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = spared.size
    for (const id of candidatesOf(history, spared)) {
      const fewer = new Set([...spared, id])
      const attempt = await runHistory(failing.seed, { ...options, spared: fewer })
      if (ruleOf(attempt) !== rule) continue
      spared = fewer
      history = attempt
    }
    if (spared.size === before) break
  }
  return { spared, history }
}

/** Actions first, from the end, since one of them can make many strikes superfluous. */
function candidatesOf(history: History, spared: ReadonlySet<string>): string[] {
  const actions = Array.from({ length: history.actions }, (_, index) => `action ${history.actions - 1 - index}`)
  const strikes = history.struck.map((strike) => strike.id).filter((id) => id !== '')
  return [...actions, ...strikes].filter((id) => !spared.has(id))
}

const ruleOf = (history: History): string => /^\[.*?\]/.exec(history.violations[0] ?? '')?.[0] ?? ''
