/** An operator's verb on one table: previewed from its item as it is now, then done as one conditional write, if it still is so. */
import { isClaimed, isHeld } from '../claims/table-state.ts'
import type { TableItem } from '../contracts/ledger.ts'
import type { OutcomeError } from '../contracts/outcome.ts'
import { LedgerError } from '../errors.ts'
import type { TableLedger } from '../ports/table-ledger.ts'
import { type AuditPorts, audited } from './audit.ts'

export interface VerbPorts extends AuditPorts {
  readonly tables: Pick<TableLedger, 'get' | 'replace'>
}

export interface Preview {
  readonly verb: 'hold' | 'release' | 'retry' | 'unlock' | 'reload'
  readonly before: TableItem
  readonly after: TableItem
  /** What it comes to, in sentences for the operator. */
  readonly effects: readonly string[]
  /** Whether what it was decided on besides the item is still so. */
  readonly isStill?: () => Promise<boolean>
}

/** The item. Throws LedgerError TG3301 for a table that no run ever claimed. */
export async function itemOf(table: string, ports: Pick<VerbPorts, 'tables'>): Promise<TableItem> {
  const item = await ports.tables.get(table)
  if (item) return item
  throw new LedgerError(
    'TG3301',
    `\`${table}\` has no item in the table ledger, since no run ever claimed it. To keep runs from it, set \`active: false\` in the configuration.`,
  )
}

// operator  get (revision 7) ─ is asked, agrees ─ replace, if revision = 7: written, revision 8
// a claim               get (revision 7) ───────────────────── replace: lost, looks again
// the other way round the operator's write is refused, and nothing has happened
/** Does what was previewed, and leaves an audit item. Throws LedgerError TG3302, and changes nothing, if the item, or what else it was decided on, changed since. */
export async function doVerb(preview: Preview, reason: string | null, ports: VerbPorts): Promise<void> {
  const { verb, before, after } = preview
  const table = before.raw_table_name
  await audited({ verb, target: table, reason }, ports, async (note) => {
    note({ from: stateOf(before), to: stateOf(after), run: before.glue_job_run_id, token: before.claim_token })
    if (preview.isStill && !(await preview.isStill())) throw moved(verb, before, await ports.tables.get(table))
    const replaced = await ports.tables.replace(after, before)
    if (!replaced.written) throw moved(verb, before, replaced.current)
  })
}

/** The item was written between a verb's preview and its act. */
export const moved = (verb: string, before: TableItem, now: TableItem | undefined): LedgerError =>
  new LedgerError(
    'TG3302',
    `\`${before.raw_table_name}\` was \`${stateOf(before)}\` when \`${verb}\` looked, and it or its files changed since: now it is \`${now ? stateOf(now) : 'gone'}\`. Nothing was changed; look with \`tidegate status ${before.raw_table_name}\` and decide again.`,
  )

/** `held: owner_ended_unsettled`, `updating_table`. */
export const stateOf = (item: TableItem): string =>
  isHeld(item) ? `held: ${item.hold_reason}` : isClaimed(item) ? 'updating_table' : item.refresh_status

/** What a verb says when the table is in no state for it. `next` ends the message. */
export const notNow = (
  code: 'TG3303' | 'TG3304' | 'TG3305' | 'TG3306' | 'TG3307' | 'TG3350' | 'TG3360' | 'TG3361',
  item: TableItem,
  why: string,
  next: string,
): LedgerError => new LedgerError(code, `\`${item.raw_table_name}\` is \`${stateOf(item)}\`: ${why}. ${next}`)

/** The error that an operator's act leaves at the table. */
export const actError = (code: 'TG3310' | 'TG3311', message: string): OutcomeError => ({
  code,
  message,
  transient: false,
  details: null,
})
