/** Every port in memory over one state: for tests and the simulator. */
import { createMemoryAuditLog } from './audit-log.ts'
import { createMemoryClock, type MemoryClock } from './clock.ts'
import { createMemoryConfigStore } from './config-store.ts'
import { createMemoryExecutions } from './executions.ts'
import { createMemoryFileCensus } from './file-census.ts'
import { createMemoryFileLedger } from './file-ledger.ts'
import { createMemoryJobRuns } from './job-runs.ts'
import { createMemoryObjectStore } from './object-store.ts'
import { createMemorySignals } from './signals.ts'
import { emptyState } from './state.ts'
import { createMemoryTableLedger } from './table-ledger.ts'

export function createMemoryPorts(clock: MemoryClock = createMemoryClock()) {
  const state = emptyState()
  return {
    clock,
    audit: createMemoryAuditLog(),
    config: createMemoryConfigStore(state),
    files: createMemoryFileLedger(state),
    census: createMemoryFileCensus(state),
    tables: createMemoryTableLedger(state),
    objects: createMemoryObjectStore(clock),
    executions: createMemoryExecutions(),
    jobRuns: createMemoryJobRuns(),
    signals: createMemorySignals(),
  }
}

export type MemoryPorts = ReturnType<typeof createMemoryPorts>
