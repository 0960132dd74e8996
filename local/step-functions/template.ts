/** JSON with JSONata in its strings: the values of `Arguments`, `Output`, `Assign` and their like. */
import { DefinitionRefused, StateError } from './errors.ts'
import { compile, type Expression, evaluate, type Place, type Scope } from './jsonata.ts'
import type { Json } from './ports.ts'

export type Template =
  | { kind: 'constant'; value: Json; path: string }
  | { kind: 'expression'; expression: Expression; path: string }
  | { kind: 'object'; fields: [string, Template][]; path: string }
  | { kind: 'array'; items: Template[]; path: string }

const EXPRESSION = /^\{%(.*)%\}$/s
const PLACEHOLDER = /\$\{[^}]*\}/

/** Compiles a JSON value. Refuses half an expression (`{% …`) and a placeholder that nobody resolved. */
export function compileTemplate(value: Json, place: Place): Template {
  const path = place.path
  if (typeof value === 'string') return compileString(value, place)
  if (Array.isArray(value))
    return { kind: 'array', path, items: value.map((item, index) => compileTemplate(item, at(place, `[${index}]`))) }
  if (value !== null && typeof value === 'object')
    return {
      kind: 'object',
      path,
      fields: Object.entries(value).map(([key, field]) => [key, compileTemplate(field, at(place, `.${key}`))]),
    }
  return { kind: 'constant', path, value }
}

const at = (place: Place, suffix: string): Place => ({ ...place, path: place.path + suffix })

function compileString(value: string, place: Place): Template {
  const path = place.path
  const expression = EXPRESSION.exec(value)
  if (expression) return { kind: 'expression', path, expression: compile((expression[1] as string).trim(), place) }
  if (value.startsWith('{%') || value.endsWith('%}'))
    throw new DefinitionRefused(path, `\`${value}\` must begin with \`{%\` and end with \`%}\`, without spaces around.`)
  const placeholder = PLACEHOLDER.exec(value)
  if (placeholder)
    throw new DefinitionRefused(
      path,
      `the placeholder \`${placeholder[0]}\` was not resolved. Deploy with a value for it.`,
    )
  return { kind: 'constant', path, value }
}

/** Evaluates a template to JSON. Throws `States.QueryEvaluationError`. */
export async function render(template: Template, scope: Scope): Promise<Json> {
  switch (template.kind) {
    case 'constant':
      return template.value
    case 'expression':
      return evaluate(template.expression, scope)
    case 'array':
      return Promise.all(template.items.map((item) => render(item, scope)))
    case 'object':
      return Object.fromEntries(
        await Promise.all(template.fields.map(async ([key, field]) => [key, await render(field, scope)] as const)),
      )
  }
}

type Kind<T> = { check: (value: Json) => value is Extract<Json, T>; name: string }
const isText: Kind<string> = { check: (value) => typeof value === 'string', name: 'a string' }
const isBoolean: Kind<boolean> = { check: (value) => typeof value === 'boolean', name: 'a boolean' }
const isCount: Kind<number> = {
  check: (value): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0,
  name: 'a whole number, zero or more',
}
const isObject: Kind<{ [key: string]: Json }> = {
  check: (value): value is { [key: string]: Json } =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
  name: 'an object',
}

async function renderAs<T extends Json>(template: Template, scope: Scope, kind: Kind<T>): Promise<T> {
  const value = await render(template, scope)
  if (kind.check(value)) return value as T
  throw new StateError(
    'States.QueryEvaluationError',
    `The field '${template.path}' must be ${kind.name}, but is \`${JSON.stringify(value).slice(0, 200)}\`.`,
  )
}

export const renderText = (template: Template, scope: Scope) => renderAs(template, scope, isText)
export const renderBoolean = (template: Template, scope: Scope) => renderAs(template, scope, isBoolean)
export const renderCount = (template: Template, scope: Scope) => renderAs(template, scope, isCount)
export const renderObject = (template: Template, scope: Scope) => renderAs(template, scope, isObject)
