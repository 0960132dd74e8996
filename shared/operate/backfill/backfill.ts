/** `backfill`, done: applied files go back among those that wait, and the next claims take them as they take any other. */
import { LedgerError } from '../../errors.ts'
import { waitsForBackfill } from '../../files/as-landed.ts'
import { refuseGone } from '../applied-files.ts'
import { audited } from '../audit.ts'
import { moved } from '../table-verb.ts'
import type { BackfillPorts } from './ports.ts'
import type { BackfillPreview, Span } from './preview.ts'

// operator  get (revision 7) ─ looks ─ is asked, agrees ─ 49 files, if revision = 7 ─ 49 files, if revision = 7 ─ …
// a claim                                                              └ replace: revision 8, without the files of the first part
// what went back stays there, and is applied; repeating the verb does the rest
/**
 * Sends back what was previewed, and leaves an audit item. Throws LedgerError TG3353 (objects gone) and TG3302 (the table was
 * written since the preview), and nothing is changed; TG3354 when that happens on the way: then some of the files wait again.
 */
export async function doBackfill(
  preview: BackfillPreview,
  span: Span,
  reason: string | null,
  ports: BackfillPorts,
): Promise<void> {
  const { before, after, mode, files } = preview
  const table = before.raw_table_name
  refuseGoneFiles(preview)
  await audited({ verb: 'backfill', target: table, reason }, ports, async (note) => {
    note({ from_s: span.fromS, to_s: span.toS, files: files.length, last_snapshot: after.last_snapshot })
    if (after !== before) {
      const replaced = await ports.tables.replace(after, before)
      if (!replaced.written) throw moved('backfill', before, replaced.current)
    }
    const now = ports.clock.now()
    const returns = files.map((seen) => ({ seen, again: waitsForBackfill(seen, mode, now) }))
    const returned = await ports.files.returnApplied(after, returns)
    note({ returned })
    if (returned === files.length) return
    if (returned === 0) throw moved('backfill', after, await ports.tables.get(table))
    throw new LedgerError(
      'TG3354',
      `\`${returned}\` of \`${files.length}\` files of \`${table}\` wait again; then a run or another operator came in between. Type the same once more when the table is free: it does the rest.`,
    )
  })
}

/** Throws LedgerError TG3353 if objects are gone. */
export const refuseGoneFiles = (preview: BackfillPreview): void =>
  refuseGone(preview.before.raw_table_name, preview, 'restore them, or give a span without them')
