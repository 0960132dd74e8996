/** Writes a zip archive whose bytes depend on its content only: stored, sorted, no times. */

/** 1980-01-01 00:00, the earliest that the format knows. */
const dosDate = 0x0021

/** @param {{name: string, bytes: Buffer}[]} files @returns {Buffer} the same bytes for the same files, in whatever order they come */
function zip(files) {
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1))
  const entries = []
  const records = []
  let offset = 0
  for (const file of sorted) {
    const fields = common(file)
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(file.name), file.bytes])
    records.push(record(file, fields, offset))
    entries.push(entry)
    offset += entry.length
  }
  const directory = Buffer.concat(records)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(sorted.length, 4)
  end.writeUInt16LE(sorted.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...entries, directory, Buffer.from('PK\x05\x06'), end])
}

/** What both headers of a file share: version, flags (UTF-8 names), stored, date, checksum, sizes, length of the name. */
function common({ name, bytes }) {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(20, 0)
  fields.writeUInt16LE(0x0800, 2)
  fields.writeUInt16LE(dosDate, 8)
  fields.writeUInt32LE(crc32(bytes), 10)
  fields.writeUInt32LE(bytes.length, 14)
  fields.writeUInt32LE(bytes.length, 18)
  fields.writeUInt16LE(Buffer.byteLength(name), 22)
  return fields
}

function record({ name }, fields, offset) {
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE((0o100644 << 16) >>> 0, 6)
  rest.writeUInt32LE(offset, 10)
  return Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), fields, rest, Buffer.from(name)])
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** By hand, since Node has its own from 22.2 on and packaging runs on 20 too. */
function crc32(bytes) {
  let value = 0xffffffff
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 0xff]
  return (value ^ 0xffffffff) >>> 0
}

module.exports = { zip }
