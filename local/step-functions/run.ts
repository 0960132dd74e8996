/** Walks the states of a machine from the first to the one that ends it. */
import { setImmediate } from 'node:timers/promises'
import type { Machine } from './definition.ts'
import { StateError, withinLimit } from './errors.ts'
import type { Json } from './ports.ts'
import { step } from './states.ts'
import type { Run, Variables, Visit } from './visit.ts'

/** A machine whose states never wait must not starve everybody else in this process. */
const STATES_PER_TURN = 100

/** The stay in the first state of a machine. */
export const firstVisit = (machine: Machine, input: Json): Visit => ({
  input,
  variables: {},
  stateName: machine.startAt,
  enteredAt: 0,
  retryCount: 0,
})

/** The output of the machine, from a visit on. Throws `StateError`, or the signal's reason when it was stopped. */
export async function walk(machine: Machine, from: Visit, run: Run): Promise<Json> {
  let visit = from
  for (let visits = 1; ; visits += 1) {
    if (visits % STATES_PER_TURN === 0) await setImmediate()
    run.signal.throwIfAborted()
    const state = machine.states.get(visit.stateName)
    if (!state) throw new StateError('States.Runtime', `There is no state \`${visit.stateName}\`.`)
    if (visit.resumed === undefined) {
      visit = { ...visit, enteredAt: run.ports.clock.now() }
      run.history.add(`${state.type}StateEntered`, { name: state.name, input: JSON.stringify(visit.input) })
    }
    const { next, output, assigned } = await step(state, visit, run)
    run.history.add(`${state.type}StateExited`, {
      name: state.name,
      output: withinLimit(output, `output of the state \`${state.name}\``),
      ...(Object.keys(assigned).length > 0 && { assignedVariables: eachAsText(assigned) }),
    })
    if (next === undefined) return output
    const variables = { ...visit.variables, ...assigned }
    visit = { ...visit, input: output, variables, stateName: next, resumed: undefined }
  }
}

const eachAsText = (variables: Variables): { [name: string]: string } =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, JSON.stringify(value)]))
