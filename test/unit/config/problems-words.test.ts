/** What a file is refused for, word by word: a newcomer corrects it by nothing but these lines. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../shared/config/parse.ts'
import { InvalidConfiguration, pathText, problemLine } from '../../../shared/config/problems.ts'
import { configJsonSchema } from '../../../shared/config/schema.ts'
import { BASE, problemsOf } from './support.ts'

const linesOf = (text: string) => problemsOf(text).map((problem) => problemLine('tidegate.yml', problem))
const source = (block: string) => BASE.replace(/operational: .*/, `operational: ${block}`)
const cadence = (block: string) => BASE.replace(/ {2}10_min_refresh: .*/, `  10_min_refresh: ${block}`)
const table = (block: string) => `${BASE}tables:\n  hr.emp: ${block}\n`

it('editors complete and check by the very schema that the file is read by', () => {
  const generated = readFileSync(join(import.meta.dirname, '../../../tidegate.schema.json'), 'utf8')
  expect(JSON.parse(JSON.stringify(configJsonSchema()))).toEqual(JSON.parse(generated))
})

describe('shape', () => {
  it('of the file and its sections', () => {
    expect(linesOf('')).toMatchInlineSnapshot(`
      [
        "tidegate.yml TG1204 the file is \`empty\`: expected a mapping with \`sources\`, \`cadences\`, \`defaults\` and \`tables\`",
      ]
    `)
    expect(linesOf('[]')).toMatchInlineSnapshot(`
      [
        "tidegate.yml:1 TG1204 the file is \`a list\`: expected a mapping with \`sources\`, \`cadences\`, \`defaults\` and \`tables\`",
      ]
    `)
    expect(linesOf('42')).toMatchInlineSnapshot(`
      [
        "tidegate.yml:1 TG1204 the file is \`42\`: expected a mapping with \`sources\`, \`cadences\`, \`defaults\` and \`tables\`",
      ]
    `)
    expect(linesOf('sources: 1\ncadences: []\ndefaults: x\ntables: y\n')).toMatchInlineSnapshot(`
      [
        "tidegate.yml:1 TG1204 \`sources\` is \`1\`: expected a mapping of sources",
        "tidegate.yml:2 TG1204 \`cadences\` is \`a list\`: expected a mapping of cadences",
        "tidegate.yml:3 TG1204 \`defaults\` is \`x\`: expected a list of blocks with \`match\`",
        "tidegate.yml:4 TG1204 \`tables\` is \`y\`: expected a mapping of tables",
      ]
    `)
    expect(linesOf('sources: {}\ncadences: {}\ndefaults: [1]\ntables: { a.b: 1 }\n')).toMatchInlineSnapshot(`
      [
        "tidegate.yml:3 TG1204 \`defaults[0]\` is \`1\`: expected a mapping",
        "tidegate.yml:4 TG1204 \`tables.a.b\` is \`1\`: expected a mapping",
      ]
    `)
  })

  it('of a source', () => {
    expect(
      linesOf(source('{ prefix: 1, layout: x, schema: 2, shape: y, file_names: z, full_load: {} }')),
    ).toMatchInlineSnapshot(`
      [
        "tidegate.yml:3 TG1204 \`sources.operational.prefix\` is \`1\`: expected a text",
        "tidegate.yml:3 TG1204 \`sources.operational.layout\` is \`x\`: expected \`{schema}/{table}\` or \`{table}\`",
        "tidegate.yml:3 TG1204 \`sources.operational.schema\` is \`2\`: expected a text",
        "tidegate.yml:3 TG1204 \`sources.operational.shape\` is \`y\`: expected \`dms\` or \`plain\` or \`debezium\`",
        "tidegate.yml:3 TG1204 \`sources.operational.file_names\` is \`z\`: expected \`dms\` or \`any\`",
        "tidegate.yml:3 TG1203 \`sources.operational.full_load.match\` is missing: expected a glob such as \`*/full-*\`",
      ]
    `)
    expect(linesOf(source('{ schema: "", full_load: { match: "" }, prefx: a }'))).toMatchInlineSnapshot(`
      [
        "tidegate.yml:3 TG1203 \`sources.operational.prefix\` is missing: expected a text",
        "tidegate.yml:3 TG1203 \`sources.operational.layout\` is missing: expected \`{schema}/{table}\` or \`{table}\`",
        "tidegate.yml:3 TG1204 \`sources.operational.schema\` is \`\`: expected a text",
        "tidegate.yml:3 TG1203 \`sources.operational.shape\` is missing: expected \`dms\` or \`plain\` or \`debezium\`",
        "tidegate.yml:3 TG1204 \`sources.operational.full_load.match\` is \`\`: expected a glob such as \`*/full-*\`",
        "tidegate.yml:3 TG1202 \`sources.operational.prefx\` is no known key: did you mean \`prefix\`?",
      ]
    `)
    expect(linesOf(source(`{ prefix: ${'p'.repeat(1025)}, layout: "{table}", shape: dms }`))).toMatchInlineSnapshot(`
      [
        "tidegate.yml:3 TG1204 \`sources.operational.prefix\` is \`pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\`: expected at most 1,024 characters",
      ]
    `)
  })

  it('of a cadence', () => {
    expect(
      linesOf(
        cadence(
          '{ every: 1, cron: 2, timezone: 3, batch_size: 0, max_concurrency: 10001, max_files_per_table: 1.5, max_bytes_per_table: many, compute: { engine: spark, worker_type: 1, max_workers: 1001, job_name: "" } }',
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.every\` is \`1\`: expected an interval such as \`10 minutes\`",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.cron\` is \`2\`: expected six fields such as \`0 3 * * ? *\`",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.timezone\` is \`3\`: expected a time zone such as \`Europe/Berlin\`",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.batch_size\` is \`0\`: expected at least 1",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.max_concurrency\` is \`10001\`: expected at most 10000",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.max_files_per_table\` is \`1.5\`: expected a whole number",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.max_bytes_per_table\` is \`many\`: expected a size such as \`10 GiB\`",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.compute.engine\` is \`spark\`: expected \`glue\` or \`emr-serverless\` or \`emr\`",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.compute.worker_type\` is \`1\`: expected a worker type such as \`G.1X\`",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.compute.max_workers\` is \`1001\`: expected at most 1000",
        "tidegate.yml:5 TG1204 \`cadences.10_min_refresh.compute.job_name\` is \`\`: expected a text",
      ]
    `)
    expect(linesOf(BASE.replace('  nightly:', '  "-odd":'))).toMatchInlineSnapshot(`
      [
        "tidegate.yml:6 TG1204 \`cadences.-odd\` is no name for this: expected a letter or digit, then letters, digits, \`-\` and \`_\`, at most 64",
      ]
    `)
  })

  it('of a table', () => {
    expect(
      linesOf(
        table(
          '{ cadence: 1, active: 2, keys: [a, A], sequence_by: {}, mode: x, drop_columns: [1], on_bad_file: y, max_attempts: 0, reload: { complete_when: z, quiet_period: soon }, target: 1 }',
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "tidegate.yml:14 TG1204 \`tables.hr.emp.cadence\` is \`1\`: expected a cadence's name",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.active\` is \`2\`: expected true or false",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.keys\` is \`a list\`: expected each column once, without regard to case",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.sequence_by\` is \`a mapping\`: expected a column's name, or a list of them",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.mode\` is \`x\`: expected \`snapshot\` or \`historical\` or \`S\` or \`H\`",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.drop_columns[0]\` is \`1\`: expected a column's name",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.on_bad_file\` is \`y\`: expected \`hold\` or \`quarantine\`",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.max_attempts\` is \`0\`: expected at least 1",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.reload.complete_when\` is \`z\`: expected \`quiet\` or \`operator\`",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.reload.quiet_period\` is \`soon\`: expected an interval such as \`30 minutes\`",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target\` is \`1\`: expected a mapping",
      ]
    `)
    expect(
      linesOf(
        table(
          '{ keys: [], max_attempts: 1001, target: { format: x, database: A, table: "a b", write_mode: y, table_type: z, partition_by: x, properties: { a: 1 }, adopt: 1 } }',
        ),
      ),
    ).toMatchInlineSnapshot(`
      [
        "tidegate.yml:14 TG1204 \`tables.hr.emp.max_attempts\` is \`1001\`: expected at most 1000",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.format\` is \`x\`: expected \`iceberg\` or \`hudi\`",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.database\` is \`A\`: expected lower case letters, digits and underscores, at most 255",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.table\` is \`a b\`: expected lower case letters, digits and underscores, at most 255",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.write_mode\` is \`y\`: expected \`merge_on_read\` or \`copy_on_write\`",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.table_type\` is \`z\`: expected \`copy_on_write\` or \`merge_on_read\`",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.partition_by\` is \`x\`: expected a list such as \`["bucket(16, pk_id)"]\`",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.properties.a\` is \`1\`: expected a text: put the value in quotes",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.adopt\` is \`1\`: expected true or false",
      ]
    `)
    expect(
      linesOf(table('{ target: { partition_by: ["hours(a)"], properties: [] }, apply_as_deletes: 1 }')),
    ).toMatchInlineSnapshot(`
      [
        "tidegate.yml:14 TG1204 \`tables.hr.emp.apply_as_deletes\` is \`1\`: expected a mapping",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.partition_by[0]\` is \`hours(a)\`: expected \`bucket(16, col)\`, \`days(col)\`, \`months(col)\` or a column",
        "tidegate.yml:14 TG1204 \`tables.hr.emp.target.properties\` is \`a list\`: expected a mapping of texts",
      ]
    `)
  })
})

describe('sense', () => {
  it.each([
    '{ prefix: staging, layout: "{schema}/{table}", shape: dms }',
    '{ prefix: a//b/, layout: "{schema}/{table}", shape: dms }',
    '{ prefix: a/../b/, layout: "{schema}/{table}", shape: dms }',
    '{ prefix: ./b/, layout: "{schema}/{table}", shape: dms }',
    '{ prefix: "a\\tb/", layout: "{schema}/{table}", shape: dms }',
    '{ prefix: "", layout: "{table}", shape: dms }',
    '{ prefix: "", layout: "{schema}/{table}", schema: x, shape: dms }',
    '{ prefix: "", layout: "{table}", schema: "a/b", shape: dms }',
    '{ prefix: "", layout: "{schema}/{table}", shape: dms, full_load: { match: "x" } }',
  ])('of the source %s', (block) => {
    expect(linesOf(source(block))).toMatchSnapshot()
  })

  it('of two sources with one prefix, and of none', () => {
    const twin = '  twin: { prefix: staging/, layout: "{schema}/{table}", shape: dms }\ncadences:'
    expect(linesOf(BASE.replace('cadences:', twin))).toMatchInlineSnapshot(`
      [
        "tidegate.yml:4 TG1219 source \`twin\` has the prefix of \`operational\`, \`staging/\`: a key can belong to one source only, change one",
      ]
    `)
    expect(linesOf(BASE.replace(/sources:\n.*\n/, 'sources: {}\n'))).toMatchInlineSnapshot(`
      [
        "tidegate.yml:2 TG1219 \`sources\` is empty: add one, such as \`operational: { prefix: staging/, layout: "{schema}/{table}", shape: dms }\`",
      ]
    `)
  })

  it.each([
    '{}',
    '{ every: 10 minutes, cron: "0 3 * * ? *" }',
    '{ every: 0 minutes }',
    '{ every: 10 fortnights }',
    '{ every: 10 minutes, timezone: Europe/Berlin }',
    '{ cron: "0 3 * * *" }',
    '{ cron: "0 3 * * * *" }',
    '{ cron: "0 3 ? * ? *" }',
    '{ cron: "? 3 * * * *" }',
    '{ cron: "0 3 * * ? $" }',
    '{ cron: "0 3 * * ? *", timezone: Europe/Entenhausen }',
    '{ every: 1 day, compute: { engine: emr } }',
  ])('of the cadence %s', (block) => {
    expect(linesOf(cadence(block))).toMatchSnapshot()
  })

  it.each([
    '{ cadence: nightli }',
    '{ cadence: weekly }',
    '{ drop_columns: [ID] }',
    '{ drop_columns: [Day], target: { partition_by: ["days(day)"] } }',
    '{ mode: H, target: { adopt: true } }',
    '{ target: { table_type: copy_on_write } }',
  ])('of the table %s', (block) => {
    expect(linesOf(table(block))).toMatchSnapshot()
  })

  it('of tables without what they need, of names, and of two that meet', () => {
    const bare = BASE.replace(/defaults:[\s\S]*/, 'tables:\n  hr.emp:\n')
    expect(linesOf(bare)).toMatchInlineSnapshot(`
      [
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`cadence\`: add \`cadence: …\` with a name under \`cadences\` to its block or to a default that matches",
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`keys\`: add \`keys: […]\` with the columns that identify a row to its block or to a default that matches",
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`sequence_by\`: add \`sequence_by: …\` with the column that orders changes to its block or to a default that matches",
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`target.database\`: add \`target: { database: … }\` to its block or to a default that matches",
      ]
    `)
    expect(linesOf(bare.replace('shape: dms', 'shape: plain'))).toMatchInlineSnapshot(`
      [
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`cadence\`: add \`cadence: …\` with a name under \`cadences\` to its block or to a default that matches",
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`keys\`: add \`keys: […]\` with the columns that identify a row to its block or to a default that matches",
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`sequence_by\`: add \`sequence_by: …\` with the column that orders changes to its block or to a default that matches",
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`apply_as_deletes\`: add \`apply_as_deletes: { column: …, equals: … }\`, or \`operations\` to its block or to a default that matches",
        "tidegate.yml:8 TG1211 \`hr.emp\` has no \`target.database\`: add \`target: { database: … }\` to its block or to a default that matches",
      ]
    `)
    expect(linesOf(`${BASE}tables:\n  "hr.Ä": {}\n  emp: {}\n`)).toMatchInlineSnapshot(`
      [
        "tidegate.yml:14 TG1216 \`hr.Ä\` has a name that Glue can't have: add \`target: { table: … }\` of lower case letters, digits and underscores",
        "tidegate.yml:15 TG1213 \`emp\` is no \`schema.table\` of at most 255 characters without slashes: correct the name",
      ]
    `)
    expect(
      linesOf(`${BASE}tables:\n  hr.a: { target: { table: t } }\n  hr.b: { target: { table: t } }\n`),
    ).toMatchInlineSnapshot(`
      [
        "tidegate.yml:15 TG1215 \`hr.b\` and \`hr.a\` both write \`lake.t\`: give one another \`target.table\`",
      ]
    `)
    expect(linesOf(`${BASE}tables:\n  a_b.c: {}\n  a.b_c: {}\n`)).toMatchInlineSnapshot(`
      [
        "tidegate.yml:15 TG1214 \`a.b_c\` and \`a_b.c\` are both \`a_b_c\` in the ledger: keep one, or land the other under another schema folder",
      ]
    `)
    expect(linesOf(`${BASE}tables:\n  "a.b{1..2}": {}\n  "a.{b,c}1": {}\n  "a.{": {}\n`)).toMatchInlineSnapshot(`
      [
        "tidegate.yml:15 TG1213 \`a.b1\` is named by \`a.b{1..2}\` and by \`a.{b,c}1\`: name it in one of them",
        "tidegate.yml:16 TG1212 \`a.{\` has braces that are neither a range \`{1..3000}\` nor a list \`{a,b}\`: correct them",
      ]
    `)
  })
})

describe('YAML', () => {
  it.each([
    'a: { b',
    'a: 1\na: 2',
    '? [a]\n: 1',
    '? {a: 1}\n: 1',
    'x: &y 1\n? *y\n: 2',
    'a:\n  __proto__: 1',
    'a: !secret 1',
    'a: *none',
    `a: &a [1]\nb: [${'*a,'.repeat(1001)}]`,
    ' '.repeat(8 * 1024 * 1024 + 1),
  ])('that is none, or beyond reason: %#', (text) => {
    expect(linesOf(text)).toMatchSnapshot()
  })
})

describe('the message', () => {
  it('counts, and shows the first twenty', () => {
    const text = (count: number) => {
      try {
        parseConfig(
          `${BASE}tables:\n${Array.from({ length: count }, (_, i) => `  hr.t${i}: 1\n`).join('')}`,
          'tide\u001bgate.yml',
        )
      } catch (error) {
        if (error instanceof InvalidConfiguration) return error.message
      }
      return 'was not refused'
    }
    expect(text(1)).toMatchInlineSnapshot(`
      "TG1200: \`tide\\u001bgate.yml\` has a problem: correct the file
        tide\\u001bgate.yml:14 TG1204 \`tables.hr.t0\` is \`1\`: expected a mapping"
    `)
    expect(text(2).split('\n')[0]).toMatchInlineSnapshot(
      `"TG1200: \`tide\\u001bgate.yml\` has 2 problems: correct the file"`,
    )
    expect(text(20).split('\n')).toHaveLength(21)
    expect(text(22).split('\n').slice(20)).toMatchInlineSnapshot(`
      [
        "  tide\\u001bgate.yml:33 TG1204 \`tables.hr.t19\` is \`1\`: expected a mapping",
        "  … and 2 more",
      ]
    `)
  })

  it('names places as they are written', () => {
    expect(pathText(['tables', 'hr.emp', 'keys', 0, 'x'])).toBe('tables.hr.emp.keys[0].x')
    expect(pathText([0])).toBe('[0]')
    expect(pathText([])).toBe('')
    expect(problemLine('f.yml', { code: 'TG1201', path: [], line: undefined, message: 'm' })).toBe('f.yml TG1201 m')
    expect(problemLine('f.yml', { code: 'TG1201', path: [], line: 7, message: 'm' })).toBe('f.yml:7 TG1201 m')
  })
})
