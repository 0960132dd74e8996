/** Checks how states are linked: no dangling `Next`, nothing unreachable, every machine can end. */
import { type Machine, successors } from './definition.ts'
import { DefinitionRefused } from './errors.ts'

export function checkGraph(machine: Machine, path: string): void {
  if (!machine.states.has(machine.startAt))
    throw new DefinitionRefused(`${path}.StartAt`, `there is no state \`${machine.startAt}\`.`)
  const reached = new Set<string>()
  const waiting = [machine.startAt]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue
    reached.add(name)
    const state = machine.states.get(name)
    if (state) waiting.push(...successors(state))
  }
  for (const [name, state] of machine.states) {
    for (const next of successors(state))
      if (!machine.states.has(next))
        throw new DefinitionRefused(`States.${name}`, `it goes on to \`${next}\`, which does not exist beside it.`)
    if (!reached.has(name)) throw new DefinitionRefused(`States.${name}`, 'no state leads to it.')
  }
  if (![...machine.states.values()].some((state) => successors(state).length === 0 || endsItself(state)))
    throw new DefinitionRefused(path, 'no state ends this machine.')
}

const endsItself = (state: { type: string; next?: string | undefined }): boolean =>
  state.type !== 'Choice' && state.next === undefined

/** State names are unique in the whole definition, inner machines included. */
export function checkUniqueNames(machine: Machine, seen = new Set<string>()): void {
  for (const [name, state] of machine.states) {
    if (seen.has(name)) throw new DefinitionRefused(`States.${name}`, 'two states have this name.')
    seen.add(name)
    if (state.type === 'Map') checkUniqueNames(state.processor, seen)
  }
}
