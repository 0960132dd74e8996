/** Counting attempts in a row without a commit: how many are enough is the table's setting. */
import type { TableItem } from '../contracts/ledger.ts'
import type { OutcomeError } from '../contracts/outcome.ts'

/** What one more failed attempt makes of the item. `held`: it was the last one, and the error says so. */
export function afterFailedAttempt(item: TableItem, error: OutcomeError) {
  const failed_attempts = item.failed_attempts + 1
  if (failed_attempts < item.max_attempts) return { failed_attempts, held: false, error }
  const counted = `\`${failed_attempts}\` attempts in a row ended without a commit (\`max_attempts\`), so \`${item.raw_table_name}\` is held. Mend what is wrong, then type \`tidegate retry ${item.raw_table_name}\`.`
  return { failed_attempts, held: true, error: { ...error, message: `${error.message} ${counted}` } }
}
