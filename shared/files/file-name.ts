/** The last part of an object key: format, compression, and what a DMS name says. */
import type { SourceConfig } from '../contracts/config.ts'
import type { FileFormat } from '../contracts/plan.ts'
import { InputError } from '../errors.ts'
import { shown } from './shown.ts'

interface Data {
  readonly format: FileFormat
  readonly compression: 'none' | 'gzip'
}

export type NamedFile =
  | { readonly kind: 'load'; readonly segment?: string; readonly loadSequence: number; readonly data: Data }
  | { readonly kind: 'change'; readonly writtenAt: string; readonly data: Data }
  /** Under `file_names: any` a name says nothing. */
  | { readonly kind: 'any'; readonly data: Data }

/** The ends of the names of files that hold rows. */
export const DATA_NAME = /\.(parquet|(?:csv|jsonl?)(?:\.gz)?)$/i
// DMS writes eight hexadecimal digits, its guide also shows five; thirteen still fit a double.
const LOAD_NAME = /^(?:(.+)_)?LOAD([0-9A-F]{5,13})$/i
// Seen with 6, 9 and 10 digits after the dash: HHmmss and a fraction of a second.
const CHANGE_NAME = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})(\d{0,6})$/

/** Throws InputError TG2009 for an extension that is no data, TG2010 for a name that its source doesn't allow. */
export function fileNameOf(key: string, name: string, source: SourceConfig): NamedFile {
  const extension = DATA_NAME.exec(name)
  if (!extension?.[1])
    throw new InputError(
      'TG2009',
      `\`${shown(key)}\` is neither .parquet, .csv, .json nor .jsonl, the last three also with .gz: move the file out of the table's folder`,
    )
  const [type, gz] = extension[1].toLowerCase().split('.')
  const data: Data = {
    format: type === 'parquet' || type === 'csv' ? type : 'json',
    compression: gz === undefined ? 'none' : 'gzip',
  }
  const stem = name.slice(0, extension.index)

  if (stem.startsWith('_'))
    // Spark takes such a file for a hidden one and would read no row of it.
    throw new InputError(
      'TG2010',
      `\`${shown(key)}\` starts with an underscore, which hides it from Spark: put it under another name`,
    )
  if (source.file_names === 'any') return { kind: 'any', data }
  return dmsName(stem, data) ?? refuseName(key)
}

function dmsName(stem: string, data: Data): NamedFile | undefined {
  const load = LOAD_NAME.exec(stem)
  if (load?.[2] !== undefined) {
    const loadSequence = Number.parseInt(load[2], 16)
    return { kind: 'load', ...(load[1] === undefined ? {} : { segment: load[1] }), loadSequence, data }
  }
  const change = CHANGE_NAME.exec(stem)
  if (!change) return undefined
  const [, year, month, day, hour, minute, second, fraction = ''] = change
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  const time = new Date(iso)
  // Date.parse rolls 31 February over into March: such a name is no time.
  return !Number.isNaN(time.getTime()) && time.toISOString() === iso
    ? { kind: 'change', writtenAt: iso, data }
    : undefined
}

function refuseName(key: string): never {
  throw new InputError(
    'TG2010',
    `\`${shown(key)}\` is not named as DMS names files (LOAD00000001, 20230818-023428241): set \`file_names: any\` on its source, or move the file`,
  )
}
