/** Times as text in the ledger's items, under ODP's attribute names. */
import type { EpochMs } from './contracts/primitives.ts'

/** `YYYY-MM-DD HH:MM:SS`, UTC. */
export const dateTimeOf = (time: EpochMs): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ')
