/** How many files of each table are quarantined and wait for a decision: asked where an operator looks, since it is a query a table. */
import { mapBounded } from '../bounded.ts'
import type { SettledFile } from '../contracts/ledger.ts'
import type { FileLedger } from '../ports/file-ledger.ts'
import type { TableStatusRow } from './row.ts'

const TABLES_AT_ONCE = 32
/** Counted no further: who has so many needs no exact number. */
const MOST = 1000

/** The rows with their counts; a table that is well otherwise gets the decision as its next action. */
export async function withQuarantined(
  rows: readonly TableStatusRow[],
  files: Pick<FileLedger, 'quarantined'>,
): Promise<TableStatusRow[]> {
  return mapBounded(rows, TABLES_AT_ONCE, async (row) => {
    // A file gets there by a run only.
    const found = row.last_run === null ? [] : await files.quarantined(row.table, MOST)
    const next_action = nextAction(row, found)
    return { ...row, quarantined_files: found.length, next_action }
  })
}

function nextAction(row: TableStatusRow, found: readonly SettledFile[]): string {
  const decide = `decide about its quarantined files: \`tidegate quarantine list ${row.table}\``
  if (found.length > 0 && (row.status === 'completed' || row.next_action === '-')) return decide
  // The bad file is out of the way: there is nothing to mend before the next run.
  const aside = row.status === 'refresh_error' && found.some((file) => file.glue_job_run_id === row.last_run)
  return aside ? `\`tidegate run ${row.cadence}\` or the next cadence applies the rest; ${decide}` : row.next_action
}
