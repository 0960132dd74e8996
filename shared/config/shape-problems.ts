/** What a zod schema says against a document, as problems with number, line and the nearest known key. */
import type { z } from 'zod'
import { shown } from '../files/shown.ts'
import { suggestion } from './nearest.ts'
import { type Path, type Problem, pathText } from './problems.ts'
import type { YamlDocument } from './yaml-document.ts'

const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

/** What a field expects, where its schema does not say so in words of its own. */
export const expectation: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return `expected ${TYPES[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_value')
    return `expected ${issue.values.map((value) => `\`${String(value)}\``).join(' or ')}`
  return undefined
}

/** TG1202 unknown key, TG1203 missing key, TG1204 wrong type or value. `knownAt`: the keys that a place may have. */
export function problemsOf(
  issue: z.core.$ZodIssue,
  document: YamlDocument,
  knownAt: (path: Path) => readonly string[],
): Problem[] {
  const { value, lineOf } = document
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  if (issue.code === 'unrecognized_keys') {
    const known = knownAt(path)
    return issue.keys.map((key) => ({
      code: 'TG1202',
      path: [...path, key],
      line: lineOf([...path, key]),
      message: `\`${pathText([...path, key])}\` is no known key: ${suggestion(key, known)}`,
    }))
  }
  if (issue.code === 'invalid_key') {
    const message = `\`${pathText(path)}\` is no name for this: expected a letter or digit, then letters, digits, \`-\` and \`_\`, at most 64`
    return [{ code: 'TG1204', path, line: lineOf(path), message }]
  }
  const inner = issue.code === 'invalid_union' ? issue.errors.find((one) => one.every(isInside)) : undefined
  if (inner)
    return inner.flatMap((one) => problemsOf({ ...one, path: [...issue.path, ...one.path] }, document, knownAt))
  const found = path.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], value)
  const where = path.length === 0 ? 'the file' : `\`${pathText(path)}\``
  if (found === undefined)
    return [{ code: 'TG1203', path, line: lineOf(path), message: `${where} is missing: ${issue.message}` }]
  return [
    { code: 'TG1204', path, line: lineOf(path), message: `${where} is \`${valueText(found)}\`: ${issue.message}` },
  ]
}

/** It is about a part of the value: the value is what this member of the union means, but for that. */
const isInside = ({ path }: z.core.$ZodIssue): boolean => path.length > 0

function valueText(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value !== null && typeof value === 'object') return 'a mapping'
  return value === null ? 'empty' : shown(String(value).slice(0, 80))
}
