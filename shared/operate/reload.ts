/** `reload`: asks for a new full load of a table, or says that the one that is staged is whole. */
import { stagedReloadOf } from '../claims/choose-files.ts'
import type { StagedReload } from '../claims/reload.ts'
import { notEmptied } from '../claims/truncation.ts'
import type { TableConfig } from '../contracts/config.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { dateTimeOf } from '../date-time.ts'
import type { LedgerError } from '../errors.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { notNow, type Preview, type VerbPorts } from './table-verb.ts'

export interface ReloadVerbPorts extends VerbPorts {
  readonly files: Pick<FileLedger, 'waiting' | 'marker' | 'quarantined' | 'settledFiles'>
  readonly objects: Pick<ObjectStore, 'head'>
}

/**
 * Asks for one. Throws LedgerError TG3360 if one is staged or was asked for already. The preview holds as long as none is staged.
 */
export async function askingForReload(item: TableItem, config: TableConfig, ports: ReloadVerbPorts): Promise<Preview> {
  const table = item.raw_table_name
  const look = () => stagedReloadOf(config, item, ports)
  const staged = await look()
  if (staged?.full.length === 0)
    throw notNow(
      'TG3360',
      item,
      `it was truncated at its source at ${timeOf(staged.from_s)}, and the next full load replaces it anyway`,
      `Put its files; if none will come, \`tidegate reload ${table} --complete\` empties the table.`,
    )
  if (staged)
    throw notNow(
      'TG3360',
      item,
      `a reload is staged since ${timeOf(staged.from_s)}, with ${staged.full.length} full-load files`,
      `When it is whole, and not complete by itself: \`tidegate reload ${table} --complete\`.`,
    )
  const asked = item.reload?.asked_at_s
  if (asked != null)
    throw notNow('TG3360', item, `a reload was asked for at ${timeOf(asked)}`, 'Put its full-load files.')
  const asked_at_s = Math.floor(ports.clock.now() / 1000)
  const end =
    config.reload?.complete_when === 'quiet'
      ? `when no more of them came for ${config.reload.quiet_ms / 60_000} minutes, or \`tidegate reload ${table} --complete\` says so`
      : `when \`tidegate reload ${table} --complete\` says so`
  return {
    verb: 'reload',
    before: item,
    after: { ...item, revision: item.revision + 1, reload: { asked_at_s, complete_from_s: null } },
    effects: [
      'the next full-load file that is put begins a reload, whatever its key; until that is complete, the table stays as it is',
      `its full-load files replace the table in one commit ${end}`,
      'changes put before its first file are part of it, and not applied; those put later are applied on top',
    ],
    isStill: async () => (await look()) === undefined,
  }
}

/**
 * Says that the staged one is whole. Throws LedgerError TG3361 if none is, if that was said already, or if something is in its
 * way. The preview holds as long as the staged reload has the very same files.
 */
export async function completingReload(item: TableItem, config: TableConfig, ports: ReloadVerbPorts): Promise<Preview> {
  const table = item.raw_table_name
  const look = () => stagedReloadOf(config, item, ports)
  const staged = await look()
  if (!staged)
    throw notNow('TG3361', item, 'no reload is staged', `\`tidegate reload ${table}\` asks for one; put its files.`)
  const { from_s, full, obstacle } = staged
  const cannot = full.length === 0 ? notEmptied({ ...config.merge, ...config.target }) : undefined
  if (cannot) throw notNow('TG3361', item, `it ${cannot}`, `Load it in full, or \`tidegate release ${table}\`.`)
  if (item.reload?.complete_from_s === from_s)
    throw notNow('TG3361', item, 'its reload is known to be whole', 'The next run of its cadence puts it in place.')
  if (obstacle) throw notNow('TG3361', item, obstacle.says, 'Then say it again.')
  const asked_at_s = item.reload?.asked_at_s ?? null
  return {
    verb: 'reload',
    before: item,
    after: { ...item, revision: item.revision + 1, reload: { asked_at_s, complete_from_s: from_s } },
    effects: [
      full.length === 0
        ? `the next run of its cadence empties the table, which was truncated at its source at ${timeOf(from_s)}; its rows stay readable by time travel`
        : `the next run of its cadence replaces the table by its ${full.length} full-load files, the first put at ${timeOf(from_s)}`,
      'changes put before that are part of it, and not applied; those put later are applied on top',
    ],
    isStill: async () => isSame(staged, await look()),
  }
}

/** Nothing says how its files are merged, nor by which cadence. */
export const notConfigured = (item: TableItem): LedgerError =>
  notNow('TG3360', item, 'no configuration has it', 'Add it, then `tidegate config apply FILE`.')

const isSame = (a: StagedReload, b: StagedReload | undefined): boolean =>
  b !== undefined && a.from_s === b.from_s && idsOf(a) === idsOf(b)

const idsOf = ({ full }: StagedReload): string => full.map((file) => file.file_id).join(' ')
const timeOf = (seconds: EpochSeconds): string => `${dateTimeOf(seconds * 1000)} UTC`
