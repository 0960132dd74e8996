/** YAML text as plain values, and the line where each of them stands. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { messageOf } from '../errors.ts'
import { shown } from '../files/shown.ts'
import { InvalidConfiguration, type Path, type Problem, pathText } from './problems.ts'

const LONGEST = 8 * 1024 * 1024

export interface YamlDocument {
  readonly value: unknown
  readonly lineOf: (path: Path) => number | undefined
}

/** Throws InvalidConfiguration (TG1200) of TG1201 problems for what is no YAML, or nests, repeats or multiplies beyond reason. */
export function readYaml(text: string, fileName: string): YamlDocument {
  const refuse = (message: string, line?: number): Problem => ({ code: 'TG1201', path: [], line, message })
  if (text.length > LONGEST)
    throw new InvalidConfiguration(fileName, [refuse('is longer than 8 MiB: use patterns, and braces in table names')])
  const lines = new LineCounter()
  try {
    // The parser's own check of unique keys compares each with each: twenty thousand tables would take 20 seconds.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
    const places = placesOf(document.contents, lines)
    const syntax = [...document.errors, ...document.warnings].map((error) =>
      refuse(
        `is not YAML as we read it (${shown(error.message)}): correct the syntax`,
        lines.linePos(error.pos[0]).line,
      ),
    )
    const wrong = [...syntax, ...places.problems]
    if (wrong.length > 0) throw new InvalidConfiguration(fileName, wrong)
    return { value: document.toJS({ maxAliasCount: 1000 }), lineOf: places.lineOf }
  } catch (error) {
    if (error instanceof InvalidConfiguration) throw error
    // The parser recurses, and follows aliases: what nests or multiplies without end is thrown, not reported.
    const message = `can't be read (${shown(messageOf(error))}): nest less, use fewer aliases`
    throw new InvalidConfiguration(fileName, [refuse(message)])
  }
}

interface Places {
  readonly lineOf: (path: Path) => number | undefined
  /** TG1201: keys that no JavaScript object could hold apart. */
  readonly problems: Problem[]
}

function placesOf(contents: Node | null, lines: LineCounter): Places {
  const index = new Map<string, number>()
  const problems: Problem[] = []
  const idOf = (path: Path): string => JSON.stringify(path)
  const startOf = (node: unknown): number | undefined =>
    isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
  const note = (path: Path, node: unknown) => {
    const start = startOf(node)
    if (start !== undefined) index.set(idOf(path), lines.linePos(start).line)
  }
  const noteKey = (outer: Path, key: unknown): Path => {
    const start = startOf(key)
    const line = start === undefined ? undefined : lines.linePos(start).line
    const refuse = (message: string) => problems.push({ code: 'TG1201', path: outer, line, message })
    const path = [...outer, isScalar(key) ? String(key.value ?? '') : '']
    if (!isScalar(key)) refuse('a list, mapping or alias is no key: write a text')
    else if (key.value === '__proto__') refuse('`__proto__` is no key: use another name')
    else if (index.has(idOf(path))) refuse(`\`${pathText(path)}\` is there twice: remove one`)
    if (line !== undefined) index.set(idOf(path), line)
    return path
  }
  const walk = (node: unknown, path: Path) => {
    if (isMap(node)) for (const { key, value } of node.items) walk(value, noteKey(path, key))
    else if (isSeq(node))
      for (const [position, item] of node.items.entries()) {
        note([...path, position], item)
        walk(item, [...path, position])
      }
  }
  note([], contents)
  walk(contents, [])
  const lineOf = (path: Path) => {
    for (let length = path.length; length >= 0; length--) {
      const line = index.get(idOf(path.slice(0, length)))
      if (line !== undefined) return line
    }
    return undefined
  }
  return { lineOf, problems }
}
