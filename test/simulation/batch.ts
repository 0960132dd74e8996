/** What a job makes of the files of a batch: effects on a snapshot, counts, and the evidence that it leaves before the commit. */
import type { AppliedFile, RowCounts } from '../../shared/contracts/outcome.ts'
import type { PlannedTable } from '../../shared/contracts/plan.ts'
import { type Change, foldOf, type Snapshot } from './lake.ts'
import type { SparkRules } from './spark-rules.ts'

type EffectRules = Pick<SparkRules, 'comparesSequences' | 'replacesAtReload'>

interface Content {
  readonly file_id: string
  readonly changes: readonly Change[]
}

export interface ReadBatch {
  /** The lowest sequence; empty if a row has none. */
  readonly lowest: string
  readonly files: AppliedFile[]
  /** As of the last `effectsOn`. */
  readonly counts: RowCounts
  effectsOn(
    snapshot: Snapshot | undefined,
    remembered: ReadonlyMap<string, string>,
    rules: EffectRules,
  ): Pick<Snapshot, 'rows' | 'versions'>
  /** Names below the evidence's folder, and bodies, in the order in which they are put. */
  evidence(folder: string, runId: string, token: number): [name: string, body: string][]
}

/** Identity of one version in a historical table. */
export const versionOf = (fileId: string, change: Change): string =>
  `${fileId} ${change.seq} ${change.op} ${change.key}`

export function batchOf(planned: PlannedTable, contents: readonly Content[]): ReadBatch {
  const { entry, table } = planned
  const changes = contents.flatMap((content) => content.changes)
  const read = changes.length
  const files = contents.map(appliedFileOf)
  let counts: RowCounts = { read, inserted: 0, updated: 0, deleted: 0, stale: 0, duplicate: 0 }
  const historical = entry.merge.mode === 'historical'

  return {
    files,
    lowest: changes.reduce((lowest, { seq }) => (seq < lowest ? seq : lowest), '~'),
    get counts() {
      return counts
    },
    effectsOn: (snapshot, remembered, rules) => {
      if (historical) {
        counts = { ...counts, inserted: read }
        const versions = contents.flatMap(({ file_id, changes }) => changes.map((change) => versionOf(file_id, change)))
        const kept = entry.generation.replaces ? [] : (snapshot?.versions ?? [])
        return { rows: new Map(), versions: [...kept, ...versions] }
      }
      const rows = new Map(entry.generation.replaces && rules.replacesAtReload ? [] : snapshot?.rows)
      counts = { ...counts, ...merge(rows, changes, remembered, rules.comparesSequences) }
      return { rows, versions: [] }
    },
    evidence: (folder, run_id, token) => {
      const identity = { run_id, table, batch_id: entry.batch_id, token, generation: entry.generation.id }
      const deletes = deletesOf(changes)
      const key = `${folder}deletes-00000.jsonl.gz`
      const max_sequence = deletes.reduce((max, [seq]) => (seq > max ? seq : max), '')
      const parts = deletes.length > 0 ? [{ part: 0, key, rows: deletes.length, max_sequence }] : []
      return [
        ...parts.map((): [string, string] => ['deletes-00000.jsonl.gz', JSON.stringify(deletes)]),
        ['deletes.json', JSON.stringify({ contract: 'tidegate.deletes/1', ...identity, parts })],
        ['files.json', JSON.stringify({ contract: 'tidegate.evidence/1', ...identity, rows: counts, files })],
      ]
    },
  }
}

/** Rule 5 on `rows`: strictly newer than the stored row and, unless it deletes itself, than every remembered delete. */
function merge(
  rows: Map<string, Change>,
  changes: readonly Change[],
  remembered: ReadonlyMap<string, string>,
  compares: boolean,
) {
  const counts = { inserted: 0, updated: 0, deleted: 0, stale: 0, duplicate: 0 }
  const folded = foldOf(changes)
  for (const [key, change] of folded) {
    const stored = rows.get(key)
    const deleted = remembered.get(key)
    const revives = change.op !== 'D' && deleted !== undefined && change.seq <= deleted
    const outranked = (stored && change.seq <= stored.seq) || revives
    if (compares && outranked) counts.stale += 1
    else if (change.op === 'D') {
      counts[rows.delete(key) ? 'deleted' : 'stale'] += 1
    } else {
      rows.set(key, change)
      counts[stored ? 'updated' : 'inserted'] += 1
    }
  }
  counts.duplicate = changes.length - folded.size
  return counts
}

const appliedFileOf = ({ file_id, changes }: Content): AppliedFile => {
  const sequences = changes.map((change) => change.seq).filter((seq) => seq !== '')
  return {
    file_id,
    rows: changes.length,
    min_sequence: sequences.reduce<string | null>((min, seq) => (min === null || seq < min ? seq : min), null),
    max_sequence: sequences.reduce<string | null>((max, seq) => (max === null || seq > max ? seq : max), null),
    deletes: changes.filter((change) => change.op === 'D').length,
  }
}

/** Each key that is deleted, with the highest sequence of its deletes, whatever comes after. */
function deletesOf(changes: readonly Change[]): [seq: string, key: string][] {
  const deletes = foldOf(changes.filter((change) => change.op === 'D'))
  return [...deletes.values()].map((change) => [change.seq, change.key])
}
