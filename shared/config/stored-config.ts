/** Reads what `config apply` wrote last: the configuration tables, and the sources on the control bucket. */
import { mapBounded } from '../bounded.ts'
import { type SourceConfig, sourcesDocument } from '../contracts/config.ts'
import { controlLayout } from '../contracts/control-layout.ts'
import type { ConfigStore } from '../ports/config-store.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import type { StoredConfig } from './differences.ts'

export interface StoredConfigPorts {
  readonly config: Pick<ConfigStore, 'cadences' | 'tables'>
  readonly objects: Pick<ObjectStore, 'get'>
  readonly controlBucket: string
}

const AT_ONCE = 16

/**
 * `cadences`: more names under which tables may lie, since an apply that broke off may have written a table whose cadence
 * is not there yet. `hasSources` is false when there are none, or none that this version can read: then they are written anew.
 */
export async function storedConfig(
  ports: StoredConfigPorts,
  cadences: readonly string[] = [],
): Promise<StoredConfig & { readonly hasSources: boolean }> {
  const stored = await ports.config.cadences()
  const names = [...new Set([...stored.map((cadence) => cadence.refresh_cadence), ...cadences])]
  const tables = await mapBounded(names, AT_ONCE, (name) => ports.config.tables(name))
  const sources = await readSources(ports)
  return { cadences: stored, tables: tables.flat(), sources: sources ?? {}, hasSources: sources !== undefined }
}

async function readSources(ports: StoredConfigPorts): Promise<Record<string, SourceConfig> | undefined> {
  const text = await ports.objects.get(ports.controlBucket, controlLayout.sources)
  if (text === undefined) return undefined
  try {
    return sourcesDocument.parse(JSON.parse(text)).sources
  } catch {
    return undefined
  }
}
