/** Documents that strangers may have written or damaged: each is read, or refused by number; nothing else comes of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { foundInDmsTask } from '../../../cli/lib/first-config/from-dms-task.ts'
import { firstConfig } from '../../../cli/lib/first-config/write.ts'
import { driverLines, functionLines } from '../../../cli/lib/log-lines.ts'
import { parseStorageEvent } from '../../../functions/file-manager/storage-event.ts'
import { checkedItem } from '../../../shared/aws/items.ts'
import { auditItem } from '../../../shared/contracts/audit.ts'
import { removedTable } from '../../../shared/contracts/config.ts'
import { landedFile, settledFile, tableItem } from '../../../shared/contracts/ledger.ts'
import { outcome } from '../../../shared/contracts/outcome.ts'
import { plan, planEntry } from '../../../shared/contracts/plan.ts'
import { reconcileCursor } from '../../../shared/contracts/reconcile.ts'
import { claimReport, manifest, runSummary, settledBatch } from '../../../shared/contracts/runs.ts'
import { redacted } from '../../../shared/dead-letters/redact.ts'
import { understand } from '../../../shared/dead-letters/understand.ts'
import { jsonOf, readDocument } from '../../../shared/documents.ts'
import { sourcesFrom } from '../../../shared/landing/sources.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { readOutcome } from '../../../shared/settling/outcome-document.ts'
import { claimed, landed, settled } from '../../contract/support/items.ts'
import { eventFor, KEY, STAGING, sourcesText } from '../landing/support.ts'
import { almost, anyOf, EXAMPLES, extremes, numberedAtWorst } from './hostile.ts'

type Document = Readonly<Record<string, unknown>>
interface Reader {
  readonly what: string
  /** Right as they are: what is fuzzed is made from them. */
  readonly examples: readonly [Document, ...Document[]]
  readonly read: (text: string) => unknown
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/contracts.example.json'), 'utf8'))
const [plannedTable] = golden.plan.tables
const outcomes = Object.values(golden.outcomes) as [Document]
const place = { bucket: 'control', key: 'x.json' }
const objectOf = (body: string) => ({ get: async () => body })
const sources = { dms: { prefix: 'in/', layout: '{schema}/{table}', shape: 'dms', file_names: 'dms' } } as const

/** A document of the control bucket. */
const ours = (what: string, schema: z.ZodType, ...examples: readonly [Document, ...Document[]]): Reader => ({
  what,
  examples,
  read: (text) => readDocument(schema, place, objectOf(text)),
})
const rows = { read: 1, inserted: 1, updated: 0, deleted: 0, stale: 0, duplicate: 0 }
const error = { code: 'TG2002', message: 'bad file', transient: false, details: null }
const settledTable = { table: 'sales_orders', status: 'refresh_error', reason: null, rows, files: 1, error }
const start = { StateMachineArn: 'arn:aws:states:eu:1:stateMachine:m', Name: 'n', Input: '{"refresh_cadence":"c"}' }
const rule = {
  'rule-type': 'selection',
  'rule-id': '1',
  'rule-action': 'include',
  'object-locator': { 'schema-name': 'hr', 'table-name': 'emp_%' },
}
const rename = {
  ...rule,
  'rule-type': 'transformation',
  'rule-target': 'table',
  'rule-action': 'convert-uppercase',
  value: null,
}

const audited = {
  id: '2026-11-21T10:00:00.000Z-a1',
  at_ms: 1,
  who: 'ada@laptop',
  verb: 'hold',
  target: 'sales_orders',
  reason: null,
  dry_run: false,
  result: 'done',
  details: { before: ['completed'] },
}

const readers: Reader[] = [
  ours('a plan', plan, golden.plan),
  ours('a plan entry', planEntry, plannedTable.entry),
  ours('an outcome', outcome, ...outcomes),
  ours('a cursor of reconciling', reconcileCursor, {
    contract: 'tidegate.reconcile-cursor/1',
    start_after: 'k',
    saved_at_ms: 1,
  }),
  ours('a report of a claim', claimReport, {
    run_id: 'r-1-0',
    claimed: [{ table: 'sales_orders', token: 1 }],
    skipped: [{ table: 'sales_books', reason: 'inactive' }],
    held: [{ table: 'sales_held', reason: 'planned_file_gone', error }],
    failed: [{ table: 'sales_failed', error }],
  }),
  ours('a settled batch', settledBatch, { batch: 1, run_id: 'r-1-0', engine_run_id: null, tables: [settledTable] }),
  ours('a summary', runSummary, {
    contract: 'tidegate.summary/1',
    execution_name: 'r',
    batches: 1,
    unsettled_batches: [2],
    rows,
    files: 1,
    tables: [{ ...settledTable, batch: 1 }],
  }),
  ours('a manifest', manifest, { batch: 1, tables: ['sales_orders'] }),
  ours('a removed table', removedTable, { contract: 'tidegate.removed-table/1', removed_at_ms: 1, table: {} }),
  {
    what: 'the sources of landing',
    examples: [JSON.parse(sourcesText())],
    read: async (text) => sourcesFrom(objectOf(text), 'control', createMemoryPorts().clock)(),
  },
  {
    what: 'the outcome of a table, for settling',
    examples: outcomes,
    read: (text) =>
      readOutcome(
        { ...plannedTable, entry: golden.plan.tables[0].entry },
        golden.plan.run_id,
        'control',
        objectOf(text),
      ),
  },
  { what: 'an event', examples: [eventFor(KEY, 'e', 1)], read: parseStorageEvent },
  {
    what: 'a dead letter',
    examples: [eventFor(KEY, 'e', 1), start],
    read: (body) => {
      const letter = { id: 'm', queue: 'FileManager', body, sent_ms: 0, receives: 1, attributes: {}, receipt: 'r' }
      const { error: told } = understand(letter, sources, STAGING)
      expect(told ?? '').not.toMatch(/\p{Cc}/u)
      expect(JSON.stringify(redacted(body)).length).toBeLessThan(body.length + 1_000)
    },
  },
  {
    what: 'a DMS task',
    examples: [
      { rules: [rule, rename] },
      { TableMappings: JSON.stringify({ rules: [rule] }) },
      { ReplicationTasks: [{ TableMappings: '{}' }] },
    ],
    read: (text) => firstConfig(foundInDmsTask(text, 'in/', 'task.json'), 'a test'),
  },
  {
    what: 'a line of a log',
    examples: [
      { level: 'INFO', message: 'step done', output: {}, error: { stack: ['a'] } },
      { time: '2026-01-01T00:00:00Z', phase: 'x' },
    ],
    read: (text) => [...functionLines(text, 0, 'f'), ...driverLines(text, 'd')],
  },
  ...(
    [
      ['a waiting file', landedFile, landed('sales_orders', 1)],
      ['a settled file', settledFile, settled(landed('sales_orders', 1))],
      ['a table', tableItem, claimed('sales_orders')],
      ['an audit item', auditItem, audited],
    ] as const
  ).map(([what, schema, item]) => ({
    what: `the ledger's item of ${what}`,
    examples: [item] as const,
    read: (text: string) => {
      const parsed = jsonOf(text)
      const isItem = typeof parsed === 'object' && parsed !== null
      return checkedItem<unknown>(schema, isItem ? (parsed as Record<string, unknown>) : {}, 'odpf_t', [
        'raw_table_name',
      ])
    },
  })),
]

describe.each(readers)('$what', ({ examples, read }) => {
  it('is read, or refused by number, whatever was changed in it', async () => {
    await fc.assert(
      fc.asyncProperty(anyOf(examples), (text) => numberedAtWorst(() => read(text))),
      { numRuns: EXAMPLES },
    )
  })

  it('may be a megabyte or ten thousand levels deep', async () => {
    for (const text of extremes(examples[0])) await numberedAtWorst(() => read(text))
  })
})

it('what is almost right is sometimes right, and mostly not: the readers are really tried', () => {
  const texts = fc.sample(almost([golden.plan]), { numRuns: 500, seed: 1 })
  const right = texts.filter((text) => plan.safeParse(jsonOf(text)).success).length
  expect(right).toBeGreaterThan(0)
  expect(right).toBeLessThan(250)
})
