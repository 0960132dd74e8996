/** Letting a claim go that never came to a plan: no job can have seen it, so nothing is at stake but the table's time. */
import type { OutcomeError } from '../contracts/outcome.ts'
import { dateTimeOf } from '../date-time.ts'
import type { Clock } from '../ports/clock.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { isClaimOf, unfrozen } from './table-state.ts'

interface LetGoPorts {
  readonly tables: Pick<TableLedger, 'get' | 'replace'>
  readonly clock: Clock
}

/**
 * Releases the run's claim if there is one, with `token` only if it is that very one. A first attempt unfreezes the files; an
 * entry that an earlier attempt received stays. Never for a claim that is in the run's plan, which is written once.
 */
export async function letGo(
  table: string,
  runId: string,
  error: OutcomeError,
  ports: LetGoPorts,
  token?: number,
): Promise<void> {
  for (;;) {
    const seen = await ports.tables.get(table)
    if (!isClaimOf(seen, runId) || seen.claim_token !== (token ?? seen.claim_token)) return
    const next = {
      ...seen,
      revision: seen.revision + 1,
      refresh_status: 'refresh_error' as const,
      refresh_end_time: dateTimeOf(ports.clock.now()),
      claim_owner: null,
      error,
      ...(seen.attempts > 1 ? { attempts: seen.attempts - 1 } : unfrozen),
    }
    if ((await ports.tables.replace(next, seen)).written) return
  }
}
