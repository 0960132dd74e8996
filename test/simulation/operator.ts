/** Somebody who ends holds with the real verbs: `unlock` on evidence, or by force while faults last; `retry`; `release`. */

import type { TableItem } from '../../shared/contracts/ledger.ts'
import { LedgerError } from '../../shared/errors.ts'
import { createMemoryAuditLog } from '../../shared/memory/audit-log.ts'
import { holderOf } from '../../shared/operate/evidence.ts'
import { releasing } from '../../shared/operate/release.ts'
import { completingReload } from '../../shared/operate/reload.ts'
import { retrying } from '../../shared/operate/retry.ts'
import { doVerb, type Preview } from '../../shared/operate/table-verb.ts'
import { unlocking } from '../../shared/operate/unlock.ts'
import { verbFor } from '../../shared/operate/verb-for.ts'
import { CADENCE } from './names.ts'
import type { World } from './world.ts'

export class Operator {
  readonly #world: World
  readonly #audit = createMemoryAuditLog()
  #acts = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Looks at every table once. `forces`: held ones without evidence too, or `even claimed ones`, which an operator may. */
  async look(forces: boolean | 'even claimed ones'): Promise<void> {
    for (const { name } of this.#world.tables) {
      const item = await this.#world.ports.tables.get(name)
      if (!item) continue
      try {
        const preview = await this.#previewOf(item, forces)
        if (!preview) continue
        // What is decided in between makes the verb's write a refused one.
        await this.#world.scheduler.turn()
        await doVerb(preview, 'simulated', {
          tables: this.#world.ports.tables,
          audit: this.#audit,
          clock: this.#world.clock,
          who: 'operator',
          newId: () => {
            this.#acts += 1
            return String(this.#acts)
          },
        })
        this.#world.trace?.(`operator  ${preview.verb} ${name}${forces ? ' (by force if need be)' : ''}`)
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error
        this.#world.trace?.(`operator  is refused: ${error.message.slice(0, 120)}`)
      }
    }
  }

  async #previewOf(item: TableItem, forces: boolean | 'even claimed ones'): Promise<Preview | undefined> {
    const held = item.refresh_status === 'held'
    const seesReload = forces === false && !held && this.#world.faults.has('reload-in-the-middle')
    if (seesReload) return this.#completing(item)
    if (!held && !(forces === 'even claimed ones' && item.refresh_status === 'updating_table')) return undefined
    const verb = held && item.hold_reason ? verbFor[item.hold_reason] : 'unlock'
    if (verb === 'retry') return retrying(item)
    if (verb === 'release') return releasing(item)
    const { executions, jobRuns } = this.#world.ports
    return unlocking(item, await holderOf(item, { jobName: 'tidegate', executions, jobRuns }), forces !== false)
  }

  /** Refused where none is staged. Said too early, the rest of the load adds to it. */
  async #completing(item: TableItem): Promise<Preview | undefined> {
    const { ports } = this.#world
    const config = await ports.config.table(CADENCE, item.raw_table_name)
    return config && completingReload(item, config, { ...ports, audit: this.#audit, newId: () => '', who: '' })
  }
}
