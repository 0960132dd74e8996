/** What each type of state does with its input. */
import type { ChoiceState, FailState, PassState, State, WaitState } from './definition.ts'
import { StateError } from './errors.ts'
import { runMap } from './map.ts'
import { runTask } from './task.ts'
import { renderBoolean, renderCount, renderText } from './template.ts'
import { assignAll, outputOr, type Run, scopeOf, type Transition, type Visit } from './visit.ts'

/** Throws `StateError` when the state fails, and with it its execution. */
export async function step(state: State, visit: Visit, run: Run): Promise<Transition> {
  switch (state.type) {
    case 'Task':
      return runTask(state, visit, run)
    case 'Map':
      return runMap(state, visit, run)
    case 'Choice':
      return choose(state, visit, run)
    case 'Wait':
      return wait(state, visit, run)
    case 'Pass':
      return leave(state, visit, run)
    case 'Succeed':
      return { next: undefined, output: await outputOr(state.output, visit.input, scopeOf(run, visit)), assigned: {} }
    case 'Fail':
      return fail(state, visit, run)
  }
}

async function leave(state: PassState | WaitState, visit: Visit, run: Run): Promise<Transition> {
  const scope = scopeOf(run, visit)
  return {
    next: state.next,
    output: await outputOr(state.output, visit.input, scope),
    assigned: await assignAll(state.assign, scope),
  }
}

async function wait(state: WaitState, visit: Visit, run: Run): Promise<Transition> {
  const seconds = await renderCount(state.seconds, scopeOf(run, visit))
  const endsAt = visit.enteredAt + seconds * 1000
  await run.ports.clock.sleep(Math.max(0, endsAt - run.ports.clock.now()), run.signal)
  return leave(state, visit, run)
}

async function choose(state: ChoiceState, visit: Visit, run: Run): Promise<Transition> {
  const scope = scopeOf(run, visit)
  for (const rule of state.rules)
    if (await renderBoolean(rule.condition, scope))
      return { next: rule.next, output: visit.input, assigned: await assignAll(rule.assign, scope) }
  return { next: state.default, output: visit.input, assigned: {} }
}

async function fail(state: FailState, visit: Visit, run: Run): Promise<never> {
  const scope = scopeOf(run, visit)
  throw new StateError(
    state.error ? await renderText(state.error, scope) : '',
    state.cause ? await renderText(state.cause, scope) : '',
  )
}
