/** Leaves an audit item around an act: before it, so that nothing is done unseen, and after it, with what came of it. */
import type { AuditItem } from '../contracts/audit.ts'
import { messageOf } from '../errors.ts'
import type { AuditLog } from '../ports/audit-log.ts'
import type { Clock } from '../ports/clock.ts'

export interface AuditPorts {
  readonly audit: AuditLog
  readonly clock: Clock
  /** Unique, without white space. */
  readonly newId: () => string
  /** Who acts, e.g. `ada@laptop`. */
  readonly who: string
}

/** Verb and target as `auditItem` explains them. */
export type Act = Pick<AuditItem, 'verb' | 'target' | 'reason'>
type Details = AuditItem['details']

const LONGEST_ERROR = 1000

/**
 * Does `work` between two writes of one item. What `work` gives to `note` goes into the item's details, also when it then
 * fails. Throws what `work` throws, and does nothing when the first write fails. Not for dry runs.
 */
export async function audited<T>(
  act: Act,
  ports: AuditPorts,
  work: (note: (details: Details) => void) => Promise<T>,
): Promise<T> {
  const at_ms = ports.clock.now()
  const id = `${new Date(at_ms).toISOString()}-${ports.newId()}`
  const details: Details = {}
  const write = (result: AuditItem['result'], more: Details = {}): Promise<void> =>
    ports.audit.put({ ...act, id, at_ms, who: ports.who, dry_run: false, result, details: { ...details, ...more } })

  await write('begun')
  try {
    const done = await work((noted) => void Object.assign(details, noted))
    await write('done')
    return done
  } catch (error) {
    // The act's own error is what the operator must see; an item that says `begun` tells the rest.
    await write('failed', { error: messageOf(error).slice(0, LONGEST_ERROR) }).catch(() => {})
    throw error
  }
}
