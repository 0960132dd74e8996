/** Lengths of time as people type them. */
import { ConfigurationError } from '../../shared/errors.ts'

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `10m` → 600000; at most 366 days. Throws ConfigurationError TG1511. */
export function durationOf(text: string): number {
  const parts = /^([1-9]\d{0,7}) ?([smhd])$/.exec(text.trim())
  const ms = Number(parts?.[1]) * unitMs[(parts?.[2] ?? 's') as keyof typeof unitMs]
  if (ms <= 366 * unitMs.d) return ms
  throw new ConfigurationError('TG1511', `\`${text}\` is no length of time. Give \`90s\`, \`10m\`, \`3h\` or \`7d\`.`)
}
