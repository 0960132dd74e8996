/** A call of a port in few words: what a reader of a trace needs to follow the protocol. */
import type { LandedFile, TableItem } from '../../shared/contracts/ledger.ts'
import type { FileMove } from '../../shared/ports/file-ledger.ts'

const WIDEST = 150

export function callText(name: string, args: readonly unknown[]): string {
  if (name === 'tables.replace') return `${name} ${itemText(args[0] as TableItem, args[1] as TableItem | undefined)}`
  if (name === 'files.move') {
    const moves = args[1] as FileMove[]
    const files = moves.map(({ settled }) => `${shortId(settled.file_id)} ${settled.file_ingestion_status.slice(9)}`)
    return `${name} ${JSON.stringify(args[0])} ${files.join(', ')}`
  }
  if (name === 'files.land') return `${name} ${shortId((args[0] as LandedFile).file_id)}`
  const texts = args.map((arg) => (typeof arg === 'string' ? arg.replace(/\s+/g, '') : JSON.stringify(arg)))
  const text = texts.join(' ').replace(/sha256:([0-9a-f]{8})[0-9a-f]{56}/g, '$1…')
  return `${name} ${text.length > WIDEST ? `${text.slice(0, WIDEST)}…` : text}`
}

/** `…0302797-4b14278` of a file, `dd719349` of a batch. */
export const shortId = (id: string): string =>
  id.replace(/^sha256:(.{8}).*/, '$1').replace(/^0*17003(\d+-.{6}).*/, '$1')

function itemText(next: TableItem, seen: TableItem | undefined): string {
  const batch = next.batch_id ? `batch ${shortId(next.batch_id)} attempt ${next.attempts}` : 'no batch'
  const why = [
    next.hold_reason,
    next.error?.code,
    next.unproved_runs.length > 0 ? `unproved ${next.unproved_runs}` : '',
  ]
  return `${next.raw_table_name} ${seen?.revision ?? 0}→${next.revision}: ${next.refresh_status} token ${next.claim_token} of ${next.glue_job_run_id}, ${batch} ${why.filter(Boolean).join(' ')}`
}
