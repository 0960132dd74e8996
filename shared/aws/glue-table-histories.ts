/** Histories of Iceberg tables: the Glue catalogue says where a table's metadata is, and that names its snapshots. */
import { GetTableCommand, type GlueClient } from '@aws-sdk/client-glue'
import { z } from 'zod'
import { EngineError } from '../errors.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { TableHistories, TableHistory, TableSnapshot } from '../ports/table-histories.ts'
import { engineError, nameOf } from './errors.ts'

const snapshot = z.looseObject({
  'snapshot-id': z.string(),
  'parent-snapshot-id': z.string().nullish(),
  'sequence-number': z.coerce.number().int().nonnegative().default(0),
  summary: z.record(z.string(), z.string()).default({}),
})
/** The parts of Iceberg's table metadata (versions 1 and 2) that are needed. */
const tableMetadata = z.looseObject({
  'current-snapshot-id': z.string().nullish(),
  snapshots: z.array(snapshot).default([]),
})
type Snapshot = z.infer<typeof snapshot>

const BATCH = 'tidegate.batch-id'
const GENERATION = 'tidegate.generation'

export function createGlueTableHistories(client: GlueClient, objects: Pick<ObjectStore, 'get'>): TableHistories {
  return {
    async of({ format, database, table }) {
      const name = `${database}.${table}`
      if (format !== 'iceberg') throw unknownTimeline(name, format)
      const location = await metadataLocation(database, table)
      if (location === undefined) return undefined
      const [, bucket = '', key = ''] = /^s3a?:\/\/([^/]+)\/(.+)$/s.exec(location) ?? []
      const body = key === '' ? undefined : await objects.get(bucket, key)
      if (body === undefined) throw unreadable(name, `its metadata \`${location}\` is not there`)
      return historyOf(parsed(body, name))
    },
  }

  /** Undefined without such a table. */
  async function metadataLocation(DatabaseName: string, Name: string): Promise<string | undefined> {
    try {
      const { Table } = await client.send(new GetTableCommand({ DatabaseName, Name }))
      const location = Table?.Parameters?.metadata_location
      if (location === undefined)
        throw unreadable(`${DatabaseName}.${Name}`, 'the catalogue has no Iceberg metadata of it')
      return location
    } catch (error) {
      if (nameOf(error) === 'EntityNotFoundException') return undefined
      throw engineError(error, `reading table \`${DatabaseName}.${Name}\` in the Glue catalogue`)
    }
  }
}

/** Snapshot ids have 64 bits, more than a number of JavaScript: the text that stands in the document counts. */
const withWholeIds = (key: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' && key.endsWith('snapshot-id') ? (context?.source ?? String(value)) : value

function parsed(body: string, name: string): z.infer<typeof tableMetadata> {
  try {
    return tableMetadata.parse(JSON.parse(body, withWholeIds))
  } catch (error) {
    throw unreadable(name, 'its metadata is no Iceberg metadata, or is compressed', error)
  }
}

function historyOf({ 'current-snapshot-id': current, snapshots }: z.infer<typeof tableMetadata>): TableHistory {
  const byId = new Map(snapshots.map((one) => [one['snapshot-id'], one]))
  const lineage: Snapshot[] = []
  // Version 1 says -1 for a table without a snapshot.
  let next = current === '-1' ? undefined : (current ?? undefined)
  for (let found = next && byId.get(next); found; found = next && byId.get(next)) {
    lineage.push(found)
    byId.delete(found['snapshot-id'])
    next = found['parent-snapshot-id'] ?? undefined
  }
  return { lineage: lineage.map(toldOf), complete: next === undefined, others: [...byId.values()].map(toldOf) }
}

const toldOf = (one: Snapshot): TableSnapshot => ({
  id: one['snapshot-id'],
  batch_id: one.summary[BATCH] ?? null,
  generation: Number(one.summary[GENERATION]) || null,
  sequence_number: one['sequence-number'],
})

/** Its commits say their batch in Avro, and without them nobody can tell what the table has. */
const unknownTimeline = (name: string, format: string): EngineError =>
  new EngineError(
    'TG5113',
    `\`${name}\` is of format \`${format}\`, whose timeline is not read here, so nobody can tell which batches it has: \`backfill\` and \`rebuild\` need that. Nothing was changed; load the table anew: \`tidegate reload\`.`,
  )

const unreadable = (name: string, why: string, cause?: unknown): EngineError =>
  new EngineError(
    'TG5112',
    `the history of \`${name}\` can't be read: ${why}. Look at the table in the Glue catalogue.`,
    {
      cause,
    },
  )
