/** What can't be changed any more once a table has data: its rows were merged by it, and its target is nobody else's. */
import { layoutOf } from '../claims/layout.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { TableItem } from '../contracts/ledger.ts'
import { ConfigurationError } from '../errors.ts'
import { shown } from '../files/shown.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { type ConfigDifferences, type FieldChange, fieldChanges } from './differences.ts'
import { removedTables } from './removed-tables.ts'
import type { ResolvedTable } from './resolved.ts'
import { isTuning } from './target-format.ts'

export interface RefusalPorts {
  readonly tables: Pick<TableLedger, 'getMany'>
  readonly objects: Pick<ObjectStore, 'get' | 'list'>
  readonly controlBucket: string
}

/**
 * The commit compares keys and sequences with the stored rows, and everything of the target was fixed when the table was made;
 * but `adopt` only says whether the first batch may find one, and some options of Hudi only how a commit is made.
 */
function isFixed({ field }: FieldChange): boolean {
  if (field.startsWith(PROPERTY)) return !isTuning(field.slice(PROPERTY.length))
  // An empty mapping that got a property, or lost its last one: that is a field of its own.
  if (field === 'target.properties' || field === 'target.adopt') return false
  return field.startsWith('target.') || ['merge.keys', 'merge.mode', 'merge.sequence_by'].includes(field)
}

const PROPERTY = 'target.properties.'

export interface UnderData {
  readonly refusal: ConfigurationError | undefined
  readonly seen: ReadonlyMap<string, TableItem | undefined>
}

/** There are rows of it, or there will be: a batch that is not resolved may have been committed. */
export const hasData = (item: TableItem | undefined): boolean =>
  item !== undefined && (item.last_snapshot !== null || item.entry_uri !== null)

/**
 * ConfigurationError TG1222 (terminal), naming tables and fields, if a table with data would get other keys, mode, sequence
 * or target, also when it was removed in between; TG1223 if a table would write where another one's data is, be that
 * table removed or not. `stored` are all tables that were applied last. `seen` are the ledger's items of the tables that may
 * be changed so only as long as they have no data: undefined where there is none.
 */
export async function refusalUnderData(
  { tables }: ConfigDifferences,
  stored: readonly TableConfig[],
  ports: RefusalPorts,
): Promise<UnderData> {
  const added = new Set(tables.items.filter(({ change }) => change === 'added').map(({ name }) => name))
  const wanted = tables.write.filter((table) => added.has(table.source_table_name))
  const changed = tables.items.map(({ name, fields }) => ({ name, fields: fields.filter(isFixed) }))
  const retargeted = new Set(changed.filter(({ fields }) => fields.some(isTarget)).map(({ name }) => name))
  if (wanted.length === 0 && changed.every(({ fields }) => fields.length === 0))
    return { refusal: undefined, seen: new Map() }

  const known = await knownTables(stored, ports)
  for (const table of wanted) {
    const before = known.get(table.source_table_name)
    if (before) changed.push({ name: before.source_table_name, fields: fieldChanges(before, table).filter(isFixed) })
  }
  const aims = tables.write.filter(({ source_table_name: name }) => added.has(name) || retargeted.has(name))
  const collisions = collisionsOf(aims, known)
  const concerned = changed.filter(({ fields }) => fields.length > 0)
  const items = await ports.tables.getMany([
    ...new Set([...concerned.map(({ name }) => name), ...collisions.map(({ owner }) => owner)]),
  ])
  const isBuilt = (name: string) =>
    isBuiltBy(
      items.get(name),
      tables.write.find((one) => one.source_table_name === name),
    )
  const refusal =
    otherFields(concerned.filter(({ name }) => hasData(items.get(name)) && !isBuilt(name))) ??
    othersTargets(collisions.filter(({ owner }) => hasData(items.get(owner))))
  return { refusal, seen: new Map(concerned.map(({ name }) => [name, items.get(name)])) }
}

/** It was rebuilt by the very settings that are wanted now. */
const isBuiltBy = (item: TableItem | undefined, wanted: ResolvedTable | undefined): boolean =>
  wanted !== undefined && item?.rebuilt != null && item.entry_uri === null && item.rebuilt.layout === layoutOf(wanted)

/** Throws ConfigurationError TG1223 if `wanted` would write where another table's data is. */
export async function refuseTakenTarget(
  wanted: ResolvedTable,
  stored: readonly TableConfig[],
  ports: RefusalPorts,
): Promise<void> {
  const collisions = collisionsOf([wanted], await knownTables(stored, ports))
  const items = await ports.tables.getMany(collisions.map(({ owner }) => owner))
  const refusal = othersTargets(collisions.filter(({ owner }) => hasData(items.get(owner))))
  if (refusal) throw refusal
}

const isTarget = ({ field }: FieldChange): boolean => field === 'target.database' || field === 'target.table'

/** By name; what is stored is newer than what was removed. */
async function knownTables(stored: readonly TableConfig[], ports: RefusalPorts): Promise<Map<string, TableConfig>> {
  const removed = await removedTables(ports.controlBucket, ports.objects)
  return new Map([...removed, ...stored].map((table) => [table.source_table_name, table]))
}

interface Collision {
  readonly table: string
  readonly target: string
  readonly owner: string
}

const targetOf = ({ target }: ResolvedTable): string => `${target.database}.${target.table}`

/** Tables that would write the target of another one. */
function collisionsOf(aims: readonly ResolvedTable[], known: ReadonlyMap<string, TableConfig>): Collision[] {
  const owners = Map.groupBy(known.values(), targetOf)
  return aims.flatMap((table) =>
    (owners.get(targetOf(table)) ?? [])
      .filter((owner) => owner.source_table_name !== table.source_table_name)
      .map((owner) => ({ table: table.source_table_name, target: targetOf(table), owner: owner.source_table_name })),
  )
}

function otherFields(refused: readonly { name: string; fields: readonly FieldChange[] }[]) {
  if (refused.length === 0) return undefined
  const lines = refused.map(({ name, fields }) =>
    fields
      .map(
        ({ field, before, after }) =>
          `  \`${shown(name)}\`: \`${field}\` is \`${JSON.stringify(before)}\`, and would become \`${JSON.stringify(after)}\``,
      )
      .join('\n'),
  )
  return new ConfigurationError(
    'TG1222',
    `tables that have data keep their keys, mode, sequence and target, also while the file does not name them:\n${listed(lines)}\nTake these changes back, or build the tables anew: \`tidegate rebuild TABLE --config FILE\`. Nothing was applied.`,
  )
}

function othersTargets(refused: readonly Collision[]) {
  if (refused.length === 0) return undefined
  const lines = refused.map(
    ({ table, target, owner }) =>
      `  \`${shown(table)}\` would write \`${shown(target)}\`, which has the data of \`${shown(owner)}\``,
  )
  return new ConfigurationError(
    'TG1223',
    `what a table has is bound to its name, and its target to it:\n${listed(lines)}\nKeep the old name, or give the new one a \`target.table\` of its own and load it in full: docs/how-to/change-a-table.md. Nothing was applied.`,
  )
}

const TOLD = 10

function listed(lines: readonly string[]): string {
  const more = lines.length > TOLD ? [`  and ${lines.length - TOLD} more`] : []
  return [...lines.slice(0, TOLD), ...more].join('\n')
}
