/** Numbers as people read them. */
import type { EpochMs } from '../../shared/contracts/primitives.ts'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** 1536 → `1.5 KiB`. */
export function size(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`
}

/** 1234567 → `1,234,567`. */
export const number = (value: number): string => value.toLocaleString('en-US')

/** 3 → `3 files`, 1 → `1 file`. */
export const plural = (count: number, noun: string, many = `${noun}s`): string =>
  `${number(count)} ${count === 1 ? noun : many}`

/** Milliseconds → `850 ms`, `4.2 s`, `3 m 20 s`, `5 h 3 m`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const [minutes, hours, days] = [Math.floor(ms / 60_000), Math.floor(ms / 3_600_000), Math.floor(ms / 86_400_000)]
  if (hours === 0) return `${minutes} m ${Math.floor((ms % 60_000) / 1000)} s`
  return days === 0 ? `${hours} h ${minutes % 60} m` : `${days} d ${hours % 24} h`
}

/** A point in time as its age: `4.2 s ago`; `-` for none. */
export const ago = (then: EpochMs | null, now: EpochMs): string => (then === null ? '-' : `${duration(now - then)} ago`)
