/** The audit log in memory. */
import { type AuditItem, auditItem } from '../contracts/audit.ts'
import type { AuditLog } from '../ports/audit-log.ts'
import { byUtf8, copyOf } from './state.ts'

export function createMemoryAuditLog(): AuditLog {
  const items = new Map<string, AuditItem>()
  return {
    put: async (item) => {
      items.set(item.id, copyOf(auditItem.parse(item)))
    },
    recent: async (limit) => copyOf([...items.values()].sort((a, b) => byUtf8(b.id, a.id)).slice(0, limit)),
  }
}
