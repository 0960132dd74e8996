/** Loads a definition: refuses what AWS refuses and what this interpreter does not implement, before anything runs. */
import { messageOf } from '../../shared/errors.ts'
import type { Machine, State } from './definition.ts'
import { DefinitionRefused } from './errors.ts'
import { Fields } from './fields.ts'
import { checkGraph, checkUniqueNames } from './graph.ts'
import { loadState } from './load-state.ts'
import type { Json } from './ports.ts'

/** The machine of a definition's JSON text. Throws `DefinitionRefused`, which names the field. */
export function loadDefinition(definition: string): Machine {
  let raw: Json
  try {
    raw = JSON.parse(definition)
  } catch (error) {
    throw new DefinitionRefused('definition', `is not JSON: ${messageOf(error)}`)
  }
  const fields = new Fields(raw, 'definition', ['QueryLanguage', 'StartAt', 'States'])
  fields.constant('QueryLanguage', 'JSONata')
  const machine = loadMachine(fields)
  checkUniqueNames(machine)
  return machine
}

/** One level of states: the top one, or the item processor of a Map, which shares no variables with it. */
export function loadMachine(fields: Fields): Machine {
  const raw = fields.entries('States')
  const variables = new Set(raw.flatMap(([, state]) => assignedNames(state)))
  const states = new Map<string, State>()
  for (const [name, state] of raw) {
    if (name.length > 80) throw new DefinitionRefused(`States.${name}`, 'a state name has at most 80 characters.')
    states.set(name, loadState(name, state, variables, loadMachine))
  }
  const machine = { startAt: fields.text('StartAt'), states }
  checkGraph(machine, fields.path)
  return machine
}

/** Names under every `Assign` of a state: its own, its catchers', its choices'. The shape is checked later. */
function assignedNames(state: Json): string[] {
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return []
  const assign = state.Assign
  const own = typeof assign === 'object' && assign !== null && !Array.isArray(assign) ? Object.keys(assign) : []
  const nested = [state.Catch, state.Choices].flatMap((list) =>
    Array.isArray(list) ? list.flatMap(assignedNames) : [],
  )
  return [...own, ...nested]
}
