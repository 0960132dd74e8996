/** `odpf_file_tracker` and its history in memory; a move checks the claim that the table ledger holds. */
import { isDeepStrictEqual } from 'node:util'
import { fullLoadMarker, fullLoadMarkerId, landedFile, type SettledFile, settledFile } from '../contracts/ledger.ts'
import { LedgerError } from '../errors.ts'
import { givenUp, isQuarantined, waitingAgain } from '../files/quarantine.ts'
import type { FileLedger, FileReturn } from '../ports/file-ledger.ts'
import { byUtf8, copyOf, emptyState, inner, type MemoryState } from './state.ts'

/** As on DynamoDB: one item of 100 is the proof, and each file takes two. */
const RETURNS_AT_ONCE = 49

const isApplied = (file: SettledFile): boolean => file.file_ingestion_status === 'raw_file_processed'

export function createMemoryFileLedger(state: MemoryState = emptyState()): FileLedger {
  const oldestFirst = (table: string) =>
    [...inner(state.waiting, table).values()].sort((a, b) => byUtf8(a.file_id, b.file_id))

  const isStored = (seen: SettledFile): boolean => {
    const stored = inner(state.settled, seen.source_table_name).get(seen.file_id)
    return isQuarantined(seen) && isDeepStrictEqual(stored, seen)
  }

  return {
    land: async (file) => {
      if (inner(state.settled, file.source_table_name).has(file.file_id)) return 'already_settled'
      const waiting = inner(state.waiting, file.source_table_name)
      if (waiting.has(file.file_id)) return 'already_waiting'
      waiting.set(file.file_id, landedFile.parse(file))
      return 'landed'
    },
    waiting: async (table, limit) => copyOf(oldestFirst(table).slice(0, limit)),
    hasWaiting: async (table) => inner(state.waiting, table).size > 0,
    waitingByTable: async () => {
      const tables = [...state.waiting.keys()].sort(byUtf8)
      return new Map(
        tables.flatMap((table) => {
          const files = oldestFirst(table)
          const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
          const full = files.filter((file) => file.dms_file_type === 'Full').length
          return files[0] ? [[table, { files: files.length, full, bytes, oldest: copyOf(files[0]) }] as const] : []
        }),
      )
    },
    settled: async (table, fileId) => copyOf(inner(state.settled, table).get(fileId)),
    settledFiles: async (table, limit) =>
      copyOf([...inner(state.settled, table).values()].sort((a, b) => byUtf8(b.file_id, a.file_id)).slice(0, limit)),
    settledBetween: async (table, fromS, toS) =>
      copyOf(
        [...inner(state.settled, table).values()]
          .filter((file) => file.put_at_s >= fromS && file.put_at_s < toS)
          .sort((a, b) => byUtf8(a.file_id, b.file_id)),
      ),
    quarantined: async (table, limit) =>
      copyOf(
        [...inner(state.settled, table).values()]
          .filter((file) => file.quarantine?.discarded_at_ms === null)
          .sort((a, b) => byUtf8(a.file_id, b.file_id))
          .slice(0, limit),
      ),
    release: async (seen, atMs) => {
      if (!isStored(seen)) return false
      inner(state.settled, seen.source_table_name).delete(seen.file_id)
      inner(state.waiting, seen.source_table_name).set(seen.file_id, landedFile.parse(waitingAgain(seen, atMs)))
      return true
    },
    discard: async (seen, atMs) => {
      if (!isStored(seen)) return false
      inner(state.settled, seen.source_table_name).set(seen.file_id, settledFile.parse(givenUp(seen, atMs)))
      return true
    },
    returnApplied: async ({ raw_table_name: table, revision }, returns) => {
      const history = inner(state.settled, table)
      const isAsSeen = ({ seen }: FileReturn) => isApplied(seen) && isDeepStrictEqual(history.get(seen.file_id), seen)
      for (let from = 0; from < returns.length; from += RETURNS_AT_ONCE) {
        const part = returns.slice(from, from + RETURNS_AT_ONCE)
        if (state.tables.get(table)?.revision !== revision || !part.every(isAsSeen)) return from
        for (const { seen, again } of part) {
          history.delete(seen.file_id)
          inner(state.waiting, table).set(again.file_id, landedFile.parse(again))
        }
      }
      return returns.length
    },
    marker: async (table, generation, key) =>
      copyOf(inner(state.markers, table).get(fullLoadMarkerId(generation, key))),
    move: async (proof, moves) => {
      const claim = state.tables.get(proof.table)
      if (claim?.claim_token !== proof.token || claim.refresh_status !== 'updating_table') {
        throw new LedgerError(
          'TG3001',
          `\`${proof.table}\` is no longer claimed with the token \`${proof.token}\` (now \`${claim?.claim_token ?? 'none'}\`, \`${claim?.refresh_status ?? 'no item'}\`). Leave it to the current claim.`,
        )
      }
      for (const { settled, marker } of moves) {
        const history = inner(state.settled, proof.table)
        if (!history.has(settled.file_id)) history.set(settled.file_id, settledFile.parse(settled))
        if (marker) {
          const markers = inner(state.markers, proof.table)
          if (!markers.has(marker.file_id)) markers.set(marker.file_id, fullLoadMarker.parse(marker))
        }
        inner(state.waiting, proof.table).delete(settled.file_id)
      }
    },
  }
}
