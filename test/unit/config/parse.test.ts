import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseConfig } from '../../../shared/config/parse.ts'
import { InvalidConfiguration } from '../../../shared/config/problems.ts'
import { resolve } from '../../../shared/config/resolve.ts'
import { configJsonSchema } from '../../../shared/config/schema.ts'
import { BASE, deployment, problemsOf } from './support.ts'

const lineWith = (text: string, part: string) => text.split('\n').findIndex((line) => line.includes(part)) + 1

describe('parseConfig', () => {
  it('names every problem at once, with number, line and what to do', () => {
    const text = `${BASE}tables:
  hr.emp: { keyz: [id], active: yes, target: { databse: x } }
  hr.dep:
    keys: id
    apply_as_deletes: { column: op }
tabels: 1
`
    const problems = problemsOf(text)
    expect(problems.map(({ code, line, message }) => [code, line, message])).toEqual([
      ['TG1204', lineWith(text, 'hr.emp'), '`tables.hr.emp.active` is `yes`: expected true or false'],
      ['TG1202', lineWith(text, 'hr.emp'), '`tables.hr.emp.target.databse` is no known key: did you mean `database`?'],
      ['TG1202', lineWith(text, 'hr.emp'), '`tables.hr.emp.keyz` is no known key: did you mean `keys`?'],
      [
        'TG1204',
        lineWith(text, 'keys: id'),
        "`tables.hr.dep.keys` is `id`: expected a list of columns' names, such as `[pk_id]`",
      ],
      [
        'TG1203',
        lineWith(text, 'apply_as_deletes'),
        '`tables.hr.dep.apply_as_deletes.equals` is missing: expected a text: put the value in quotes',
      ],
      ['TG1202', lineWith(text, 'tabels'), '`tabels` is no known key: did you mean `tables`?'],
    ])
  })

  it('lists what is known where no name is near', () => {
    const [problem] = problemsOf(`${BASE}tables: { hr.emp: { colour: red } }`)
    expect(problem?.message).toContain('known here: `cadence`, `active`, `keys`')
  })

  it.each([
    ['a mapping that is not closed', 'sources: {', 1],
    ['a key given twice', 'a: 1\nb: 2\na: 3', 3],
    ['a key given twice below', 'tables:\n  a.b:\n    keys: [a]\n  a.c:\n  a.b:', 5],
    ['a key that is a list', 'tables:\n  ? [a]\n  : x', 2],
    ['__proto__', 'tables:\n  __proto__: { keys: [a] }', 2],
    ['two documents', 'a: 1\n---\nb: 2', 2],
    ['an unknown tag', 'a: !secret x', 1],
  ])('%s is TG1201 with its line', (_, text, line) => {
    expect(problemsOf(text)).toMatchObject([{ code: 'TG1201', line }])
  })

  it.each(['', '# nothing', '[]', '42', 'null', '"text"'])('a file of %j is told what to hold', (text) => {
    expect(problemsOf(text).every((problem) => /^TG120[34]$/.test(problem.code))).toBe(true)
  })

  it.each([
    ['nesting without end', '['.repeat(50_000)],
    [
      'a billion laughs',
      `${Array.from(
        { length: 12 },
        (_, i) =>
          `a${i}: &a${i} [${
            i
              ? Array(9)
                  .fill(`*a${i - 1}`)
                  .join(',')
              : 'x'
          }]`,
      ).join('\n')}`,
    ],
    ['more than 8 MiB', 'x'.repeat(8 * 1024 * 1024 + 1)],
  ])('%s ends in a number, not in a crash', (_, text) => {
    expect(problemsOf(text)[0]?.code).toBe('TG1201')
  })

  it('shows hostile values escaped', () => {
    const [problem] = problemsOf(`${BASE}tables: { "hr.e\\u001b[31m": { mode: "\\u001b[2J" } }`)
    expect(problem?.message).not.toMatch(/\p{Cc}/u)
  })

  it('gives a configuration or numbered problems for any text', () => {
    const word = fc.constantFrom(
      'sources',
      'cadences',
      'defaults',
      'tables',
      'a.b',
      'keys',
      'target',
      'match',
      'every',
      '__proto__',
      'prefix',
      'x{1..3}',
    )
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('10 minutes', 'dms', 'D', '{a'),
    )
    const { node } = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(word, tie('node'), { maxKeys: 4 }),
      ),
    }))
    const section = fc.dictionary(word, node, { maxKeys: 4 })
    const document = fc.record(
      { sources: section, cadences: section, defaults: node, tables: section },
      { requiredKeys: [] },
    )
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'{}[]:,-&*!|>\'"%@ \na') }),
      document.map((value) => stringify(value)),
    )
    fc.assert(
      fc.property(text, (input) => {
        try {
          resolve(parseConfig(input, 'tidegate.yml'), deployment)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidConfiguration)
          for (const problem of (error as InvalidConfiguration).problems) expect(problem.code).toMatch(/^TG12\d\d$/)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('InvalidConfiguration', () => {
  it('shows twenty problems and counts the rest', () => {
    const tables = Array.from({ length: 25 }, (_, index) => `  hr.t${index}: { a: 1 }`).join('\n')
    expect(() => parseConfig(`${BASE}tables:\n${tables}`, 'tidegate.yml')).toThrow(
      /^TG1200: `tidegate.yml` has 25 problems[\s\S]*… and 5 more$/,
    )
  })
})

describe('the published schema', () => {
  interface Node {
    properties?: Record<string, Node>
    additionalProperties?: Node | boolean
    items?: Node
    anyOf?: Node[]
    description?: string
  }
  const undescribed = (node: Node, path: string): string[] => [
    ...Object.entries(node.properties ?? {}).flatMap(([key, inner]) => [
      ...(inner.description ? [] : [`${path}.${key}`]),
      ...undescribed(inner, `${path}.${key}`),
    ]),
    ...[node.items, ...(node.anyOf ?? [])].flatMap((inner) => (inner ? undescribed(inner, path) : [])),
    ...(typeof node.additionalProperties === 'object' ? undescribed(node.additionalProperties, `${path}.*`) : []),
  ]

  it('describes every field', () => expect(undescribed(configJsonSchema() as Node, '')).toEqual([]))

  it('is the one in the repository', () => {
    const published = JSON.parse(readFileSync(join(import.meta.dirname, '../../../tidegate.schema.json'), 'utf8'))
    expect(published).toEqual(configJsonSchema())
  })
})
