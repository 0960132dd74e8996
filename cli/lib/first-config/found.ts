/** What `init` found, whichever way it looked. */
import type { SourceConfig } from '../../../shared/contracts/config.ts'

export interface Found {
  /** By name. */
  readonly sources: Readonly<Record<string, SourceConfig>>
  readonly tables: readonly FoundTable[]
  /** The column that orders changes, where something says it. */
  readonly sequenceBy: string | undefined
  /** What an editor of the file should know, one line each; names in it are shown, not raw. */
  readonly notes: readonly string[]
}

export interface FoundTable {
  readonly schema: string
  readonly table: string
  /** What was seen of it: `1 full-load file, 12 change files`; empty when nothing is known. */
  readonly seen: string
}

/** `exports/crm/` → `crm`; `landing` where the prefix has no letters. Numbered when it is taken. */
export function sourceName(prefix: string, taken: ReadonlySet<string>): string {
  const last = prefix.split('/').findLast((folder) => folder !== '') ?? ''
  const words = last.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')
  const name = words.replaceAll(/^_+|_+$/g, '').slice(0, 60) || 'landing'
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}_${number}`
    if (!taken.has(candidate)) return candidate
  }
}
