/** JSONata as Step Functions has it: what AWS would refuse is refused when the definition is loaded. */
import jsonata from 'jsonata'
import { messageOf } from '../../shared/errors.ts'
import { DefinitionRefused, StateError } from './errors.ts'
import { type Chance, stepFunctionsFunctions } from './jsonata-functions.ts'
import type { Json } from './ports.ts'

/** Which fields of `$states` an expression may use depends on where it stands. */
export type StatesField = 'input' | 'context' | 'result' | 'errorOutput'

export interface Place {
  /** For messages: `States.RunJob.Arguments`. */
  path: string
  states: ReadonlySet<StatesField>
  /** Variables that some state of the same machine assigns. */
  variables: ReadonlySet<string>
}

export interface Expression {
  text: string
  path: string
  compiled: jsonata.Expression
}

export interface Scope {
  states: { [field in StatesField]?: unknown }
  variables: { [name: string]: Json }
  chance: Chance
}

const LIMITS = { timeout: 5_000, stack: 500 }
/** Names that JSONata 2.0.6 binds, without `eval`, and the six that Step Functions adds. */
const BUILT_IN = new Set(
  (
    'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad ' +
    'match contains replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs ' +
    'sqrt power random boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse ' +
    'each error assert type sort shuffle distinct base64encode base64decode encodeUrlComponent encodeUrl ' +
    'decodeUrlComponent decodeUrl toMillis fromMillis clone now millis partition range hash uuid parse'
  ).split(' '),
)

type AstNode = { type?: string; value?: unknown; position?: number; [key: string]: unknown }

/** Compiles one expression (without its `{% %}`). Throws `DefinitionRefused`. */
export function compile(text: string, place: Place): Expression {
  const compiled = parse(text, place)
  const nodes = everyNode(compiled.ast() as unknown as AstNode)
  const local = new Set(nodes.flatMap(declaredNames))
  for (const node of nodes) {
    refuseNewerOperators(node, text, place)
    refuseStatesField(node, place)
    if (node.type !== 'variable') continue
    const name = String(node.value)
    if (name === 'eval')
      throw new DefinitionRefused(place.path, '`$eval` does not exist in Step Functions. Use `$parse`.')
    if (name === '' || name === 'states' || local.has(name) || BUILT_IN.has(name) || place.variables.has(name)) continue
    if (name === '$')
      throw new DefinitionRefused(place.path, '`$$` has no value in Step Functions. Use `$states.input`.')
    throw new DefinitionRefused(place.path, `no state of this machine assigns the variable \`$${name}\`.`)
  }
  return { text, path: place.path, compiled }
}

function parse(text: string, place: Place): jsonata.Expression {
  try {
    return jsonata(text, LIMITS)
  } catch (error) {
    throw new DefinitionRefused(place.path, `\`${text}\` is not JSONata: ${messageOf(error)}`)
  }
}

/** `??` and `?:` came with JSONata 2.1; Step Functions has 2.0.6 and refuses them. */
function refuseNewerOperators(node: AstNode, text: string, place: Place): void {
  if (node.type !== 'condition' || node.position === undefined) return
  const operator = text.slice(node.position - 2, node.position)
  if (operator === '??' || operator === '?:')
    throw new DefinitionRefused(
      place.path,
      `Step Functions has JSONata 2.0.6, which lacks the operator \`${operator}\`.`,
    )
}

function refuseStatesField(node: AstNode, place: Place): void {
  if (node.type !== 'path') return
  const [first, second] = node.steps as AstNode[]
  if (first?.type !== 'variable' || first.value !== 'states') return
  if (second?.type !== 'name' || !place.states.has(second.value as StatesField))
    throw new DefinitionRefused(
      place.path,
      `\`$states.${String(second?.value)}\` has no value here, only ${[...place.states].map((name) => `\`$states.${name}\``).join(', ')}.`,
    )
}

function declaredNames(node: AstNode): string[] {
  const bound = node.type === 'bind' ? [(node.lhs as AstNode).value] : []
  const parameters = node.type === 'lambda' ? (node.arguments as AstNode[]).map((argument) => argument.value) : []
  return [...bound, ...parameters, node.focus, node.index].filter((name) => typeof name === 'string')
}

function everyNode(root: unknown): AstNode[] {
  if (typeof root !== 'object' || root === null || root instanceof RegExp) return []
  const below = Object.values(root).flatMap(everyNode)
  return Array.isArray(root) ? below : [root as AstNode, ...below]
}

/** Evaluates to JSON. Throws `States.QueryEvaluationError` when it fails or gives nothing. */
export async function evaluate(expression: Expression, scope: Scope): Promise<Json> {
  let value: unknown
  try {
    value = await expression.compiled.evaluate(undefined, {
      ...stepFunctionsFunctions(scope.chance),
      ...scope.variables,
      states: scope.states,
    })
  } catch (error) {
    throw queryError(expression, `threw an error during evaluation. ${messageOf(asError(error))}`)
  }
  const text = JSON.stringify(value, (_key, part) => {
    if (typeof part === 'function') throw queryError(expression, 'returned a function')
    return part
  })
  if (text === undefined) throw queryError(expression, 'returned nothing (undefined)')
  return JSON.parse(text)
}

/** The library throws plain objects with a `message`. */
const asError = (thrown: unknown): unknown =>
  typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : thrown

export const queryError = (expression: { text: string; path: string }, problem: string): StateError =>
  new StateError(
    'States.QueryEvaluationError',
    `The JSONata expression '${expression.text}' specified for the field '${expression.path}' ${problem}.`,
  )
