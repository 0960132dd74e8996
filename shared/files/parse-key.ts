/**
 * Grammar of object keys on the staging bucket: which table a file belongs to, and whether it is a full load or a change
 * file. Folders after a source's prefix name schema and table; what comes between table and file (date partitions,
 * segments) may have any depth, since with DMS the depth tells nothing. Facts: DMS guide, S3 target.
 */
import { Buffer } from 'node:buffer'
import type { SourceConfig } from '../contracts/config.ts'
import type { FileFormat } from '../contracts/plan.ts'
import { InputError } from '../errors.ts'
import { DATA_NAME, fileNameOf, type NamedFile } from './file-name.ts'
import { globMatcher } from './glob.ts'
import { ledgerKeyOf } from './ledger-key.ts'
import { shown } from './shown.ts'

export interface DataKey {
  readonly kind: 'full' | 'incremental'
  readonly schema: string
  readonly table: string
  readonly ledgerKey: string
  readonly sourceName: string
  readonly format: FileFormat
  readonly compression: 'none' | 'gzip'
  /** Partition or segment of a parallel full load. */
  readonly segment?: string
  /** Counter in a `LOAD…` name. */
  readonly loadSequence?: number
  /** ISO time in a change file's name. It is when DMS wrote the file, and never orders anything. */
  readonly writtenAt?: string
}

export interface IgnoredKey {
  readonly kind: 'ignored'
  readonly reason: 'dms_control_table' | 'not_data'
}

export type ParsedKey = DataKey | IgnoredKey
export type Sources = Readonly<Record<string, SourceConfig>>

/** S3's own limit. */
const LONGEST_KEY_BYTES = 1024
const LONGEST_LEDGER_KEY = 255
const NOT_DATA: IgnoredKey = { kind: 'ignored', reason: 'not_data' }

/**
 * `key` is raw, as EventBridge delivers it: never URL-decoded. With several sources the longest prefix wins.
 * Throws InputError (terminal) TG2004…TG2015 for a key that no configured source explains.
 */
export function parseKey(bucket: string, key: string, sources: Sources, stagingBucket: string): ParsedKey {
  if (bucket !== stagingBucket)
    throw new InputError(
      'TG2014',
      `\`s3://${shown(bucket)}/${shown(key)}\` is not on the staging bucket \`${stagingBucket}\`: correct the event rule`,
    )
  refuseHostile(key)
  const isFolder = key.endsWith('/')
  // Somebody made the folders that lead to a source, one by one, in the console.
  if (isFolder && Object.values(sources).some((source) => source.prefix.startsWith(key))) return NOT_DATA

  const [sourceName, source] = sourceOf(key, sources)
  const folders = key.slice(source.prefix.length).split('/')
  const name = folders.pop() ?? ''
  if (isFolder || isMarker(name, folders.slice(depthOf(source)))) return NOT_DATA
  refuseTransactionFile(key, name, source)

  const tableFolder = folders[Math.min(depthOf(source), folders.length) - 1]
  if (tableFolder !== undefined && /^awsdms_/i.test(tableFolder))
    return { kind: 'ignored', reason: 'dms_control_table' }
  const { schema, table } = tableOf(key, folders, source)
  const ledgerKey = ledgerKeyOf(schema, table)
  if (ledgerKey.length > LONGEST_LEDGER_KEY)
    throw new InputError(
      'TG2011',
      `schema and table of \`${shown(key)}\` are over 255 characters: use shorter folder names`,
    )

  const file = fileNameOf(key, name, source)
  return {
    ...kindOf(key, file, source, folders.slice(depthOf(source))),
    schema,
    table,
    ledgerKey,
    sourceName,
    ...file.data,
  }
}

/** TG2015 too long, TG2004 control characters, TG2006 `.`, `..` or an empty segment. */
function refuseHostile(key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes > LONGEST_KEY_BYTES)
    throw new InputError('TG2015', `\`${shown(key)}\` has ${bytes} bytes, S3 keys have at most 1,024: drop the event`)
  if (!key.isWellFormed() || /\p{Cc}/u.test(key))
    throw new InputError('TG2004', `\`${shown(key)}\` has control characters: put the file under another name`)
  const segments = (key.endsWith('/') ? key.slice(0, -1) : key).split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw new InputError(
      'TG2006',
      `\`${shown(key)}\` is not in normal form (empty, \`.\` or \`..\`): put the file elsewhere`,
    )
}

/** TG2005: outside every prefix. */
function sourceOf(key: string, sources: Sources): [string, SourceConfig] {
  let best: [string, SourceConfig] | undefined
  for (const [name, source] of Object.entries(sources)) {
    if (key.startsWith(source.prefix) && source.prefix.length >= (best?.[1].prefix.length ?? 0)) best = [name, source]
  }
  if (best) return best
  const prefixes = Object.values(sources).map((source) => `\`${source.prefix}\``)
  throw new InputError(
    'TG2005',
    `\`${shown(key)}\` is under no configured prefix (${prefixes.join(', ') || 'none'}): add a source, or move the file`,
  )
}

const depthOf = (source: SourceConfig): number => (source.layout === '{table}' ? 1 : 2)

/** What writers leave beside their data, told by the conventions of Hadoop and Spark. */
function isMarker(name: string, foldersBelowTable: readonly string[]): boolean {
  if (name.startsWith('.') || /\.crc$/i.test(name) || name.endsWith('_$folder$')) return true
  if (foldersBelowTable.some((folder) => folder.startsWith('.') || folder === '_temporary')) return true
  return name.startsWith('_') && !DATA_NAME.test(name)
}

/** TG2008: with PreserveTransactions, DMS writes the changes of all tables into one file. */
function refuseTransactionFile(key: string, name: string, source: SourceConfig): void {
  const isDms = source.shape === 'dms' || source.file_names === 'dms'
  if (isDms && /^CDC_TXN-/i.test(name))
    throw new InputError(
      'TG2008',
      `\`${shown(key)}\` holds transactions of many tables: set PreserveTransactions to false on the DMS endpoint, and remove CdcPath`,
    )
}

/** TG2007: too few folders. */
function tableOf(key: string, folders: readonly string[], source: SourceConfig): { schema: string; table: string } {
  const [first, second] = folders
  if (source.layout === '{table}' && first !== undefined && source.schema !== undefined)
    return { schema: source.schema, table: first }
  if (source.layout === '{schema}/{table}' && first !== undefined && second !== undefined)
    return { schema: first, table: second }
  throw new InputError(
    'TG2007',
    `\`${shown(key)}\` has too few folders for layout \`${source.layout}\` under \`${source.prefix}\`: move the file, or correct the source`,
  )
}

function kindOf(
  key: string,
  file: NamedFile,
  source: SourceConfig,
  below: readonly string[],
): Pick<DataKey, 'kind' | 'segment' | 'loadSequence' | 'writtenAt'> {
  if (file.kind === 'any') {
    const full = source.full_load && globMatcher(source.full_load.match)(key.slice(source.prefix.length))
    return { kind: full ? 'full' : 'incremental' }
  }
  if (file.kind === 'change') return { kind: 'incremental', writtenAt: file.writtenAt }
  const segment = [...below, ...(file.segment === undefined ? [] : [file.segment])].join('/')
  return { kind: 'full', loadSequence: file.loadSequence, ...(segment === '' ? {} : { segment }) }
}
