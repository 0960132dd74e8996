import { describe, expect, it } from 'vitest'
import { ago, duration, number, plural, size } from '../../../cli/lib/human.ts'

describe('numbers as people read them', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [10 * 1024 ** 3, '10.0 GiB'],
    [5 * 1024 ** 5, '5120.0 TiB'],
  ])('%i bytes are %s', (bytes, text) => expect(size(bytes)).toBe(text))

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [4200, '4.2 s'],
    [200_000, '3 m 20 s'],
    [5 * 3_600_000 + 180_000, '5 h 3 m'],
    [52 * 3_600_000, '2 d 4 h'],
  ])('%i milliseconds are %s', (ms, text) => expect(duration(ms)).toBe(text))

  it('counts with a noun', () => {
    expect(plural(1, 'file')).toBe('1 file')
    expect(plural(1200, 'file')).toBe('1,200 files')
    expect(plural(2, 'batch', 'batches')).toBe('2 batches')
    expect(number(1_369_769)).toBe('1,369,769')
  })

  it('says how long ago', () => {
    expect(ago(null, 10)).toBe('-')
    expect(ago(1000, 6000)).toBe('5.0 s ago')
  })
})
