/** Quantities with their unit, as people write them in the YAML file. */

const BYTES = /^(\d{1,6}) ?(B|KiB|MiB|GiB|TiB)$/
const POWER = { B: 0, KiB: 1, MiB: 2, GiB: 3, TiB: 4 } as const

/** `10 GiB` → 10737418240; undefined for anything that is no size above zero. */
export function bytesOf(text: string): number | undefined {
  const size = BYTES.exec(text)
  if (!size) return undefined
  const bytes = Number(size[1]) * 1024 ** POWER[size[2] as keyof typeof POWER]
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}

const INTERVAL = /^([1-9]\d{0,5})\s+(minute|hour|day)s?$/
const MINUTES = { minute: 1, hour: 60, day: 1440 } as const

/** `10 minutes` → 600000; undefined for anything that is no interval of minutes, hours or days above zero. */
export function intervalMsOf(text: string): number | undefined {
  const interval = INTERVAL.exec(text.trim())
  if (!interval) return undefined
  return Number(interval[1]) * MINUTES[interval[2] as keyof typeof MINUTES] * 60_000
}
