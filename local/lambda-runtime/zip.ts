/** Adds files to a zip archive without touching what is in it: the deployed code stays the packaged code, byte for byte. */
import { crc32 } from 'node:zlib'
import { InputError } from '../../shared/errors.ts'

export interface AddedFile {
  name: string
  bytes: Uint8Array
  /** Unix permissions, e.g. `0o755`. */
  mode: number
}

const endSignature = 0x06054b50
const endSize = 22
/** 1980-01-01 00:00: archives of the same content are the same bytes. */
const dosDate = 0x0021

/**
 * The archive with the files stored (not compressed) behind what it has.
 * Layout: `[entries as they were][our entries][central directory as it was][our records][end record]`.
 * Throws TG2901 when the bytes are no zip archive, or one of over 65,534 entries or 4 GiB (zip64).
 */
export function addToZip(archive: Uint8Array, files: readonly AddedFile[]): Uint8Array {
  const zip = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength)
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  if (end < 0 || end + endSize > zip.length) throw noArchive('has no end-of-directory record')
  const count = zip.readUInt16LE(end + 10)
  const directorySize = zip.readUInt32LE(end + 12)
  const directoryAt = zip.readUInt32LE(end + 16)
  if (count === 0xffff || directoryAt === 0xffffffff) throw noArchive('is in the zip64 format')
  if (directoryAt + directorySize > end) throw noArchive('has a directory that reaches beyond its end')

  const entries: Buffer[] = []
  const records: Buffer[] = []
  let offset = directoryAt
  for (const file of files) {
    const local = localEntry(file)
    entries.push(local)
    records.push(directoryRecord(file, offset))
    offset += local.length
  }
  const directory = Buffer.concat([zip.subarray(directoryAt, directoryAt + directorySize), ...records])
  const endRecord = Buffer.alloc(endSize)
  endRecord.writeUInt32LE(endSignature, 0)
  endRecord.writeUInt16LE(count + files.length, 8)
  endRecord.writeUInt16LE(count + files.length, 10)
  endRecord.writeUInt32LE(directory.length, 12)
  endRecord.writeUInt32LE(offset, 16)
  return Buffer.concat([zip.subarray(0, directoryAt), ...entries, directory, endRecord])
}

/** The fields that both headers share: version, flags (UTF-8 names), stored, date, checksum, sizes, length of the name. */
function commonFields(file: AddedFile): Buffer {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(20, 0)
  fields.writeUInt16LE(0x0800, 2)
  fields.writeUInt16LE(dosDate, 8)
  fields.writeUInt32LE(crc32(file.bytes), 10)
  fields.writeUInt32LE(file.bytes.length, 14)
  fields.writeUInt32LE(file.bytes.length, 18)
  fields.writeUInt16LE(Buffer.byteLength(file.name), 22)
  return fields
}

const localEntry = (file: AddedFile): Buffer =>
  Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), commonFields(file), Buffer.from(file.name), file.bytes])

function directoryRecord(file: AddedFile, offset: number): Buffer {
  const made = Buffer.from([20, 3]) // by version 2.0 on Unix, so that the permissions count
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE(((0o100000 | file.mode) << 16) >>> 0, 6)
  rest.writeUInt32LE(offset, 10)
  return Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2]), made, commonFields(file), rest, Buffer.from(file.name)])
}

const noArchive = (why: string): InputError =>
  new InputError('TG2901', `the function's package \`zip\` ${why}. Package again with \`npx osls package\`.`)
