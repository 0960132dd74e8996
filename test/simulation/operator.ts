/** Somebody who acts with the real verbs: `unlock` on evidence, or by force while faults last; `retry`; `release`; `backfill`; `rebuild`. */

import type { TableItem } from '../../shared/contracts/ledger.ts'
import { LedgerError } from '../../shared/errors.ts'
import { createMemoryAuditLog } from '../../shared/memory/audit-log.ts'
import { FOR_EVER_S } from '../../shared/operate/applied-files.ts'
import type { AuditPorts } from '../../shared/operate/audit.ts'
import { doBackfill } from '../../shared/operate/backfill/backfill.ts'
import type { BackfillPorts } from '../../shared/operate/backfill/ports.ts'
import { previewBackfill } from '../../shared/operate/backfill/preview.ts'
import { holderOf, mayStillWrite } from '../../shared/operate/evidence.ts'
import { doRebuild, previewRebuild, type RebuildPorts } from '../../shared/operate/rebuild.ts'
import { releasing } from '../../shared/operate/release.ts'
import { completingReload } from '../../shared/operate/reload.ts'
import { retrying } from '../../shared/operate/retry.ts'
import { doVerb, type Preview } from '../../shared/operate/table-verb.ts'
import { unlocking } from '../../shared/operate/unlock.ts'
import { verbFor } from '../../shared/operate/verb-for.ts'
import type { TableHistories } from '../../shared/ports/table-histories.ts'
import { CADENCE } from './names.ts'
import type { World } from './world.ts'

const EVERYTHING = { fromS: 0, toS: FOR_EVER_S }

export class Operator {
  readonly #world: World
  readonly #audit = createMemoryAuditLog()
  readonly #missing = new Set<string>()
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
        await doVerb(preview, 'simulated', { tables: this.#world.ports.tables, ...this.#auditPorts() })
        this.#world.trace?.(`operator  ${preview.verb} ${name}${forces ? ' (by force if need be)' : ''}`)
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error
        this.#world.trace?.(`operator  is refused: ${error.message.slice(0, 120)}`)
      }
    }
  }

  /**
   * Has everything applied again that a table ever applied. `loses`: after all its rows were deleted; then the same is tried again until it
   * is done, and otherwise only if rows are missing.
   */
  async backfill({ name, mode, format }: World['tables'][number], loses: boolean): Promise<void> {
    // Its rows are lost by somebody else's commit, which no table with a single writer has.
    if (loses && format === 'hudi') return
    if (loses && mode === 'S') {
      this.#world.lakeOf(name).loseRows()
      this.#missing.add(name)
    }
    if (!loses && !this.#missing.has(name)) return
    await this.#tried(name, async (ports) => {
      const preview = await previewBackfill(name, EVERYTHING, ports)
      await this.#world.scheduler.turn()
      await doBackfill(preview, EVERYTHING, 'simulated', ports)
      this.#missing.delete(name)
      return `backfill ${name}: ${preview.files.length} files`
    })
  }

  /** Builds it anew as it is configured: a generation of its own, with all files of the one before. */
  rebuild({ name }: World['tables'][number]): Promise<void> {
    return this.#tried(name, async (ports) => {
      const config = await ports.config.table(CADENCE, name)
      if (!config) return `${name} is not configured`
      const preview = await previewRebuild(config, ports)
      await this.#world.scheduler.turn()
      await doRebuild(preview, 'simulated', ports)
      return `rebuild ${name}: ${preview.files.length} files`
    })
  }

  async #tried(name: string, act: (ports: BackfillPorts & RebuildPorts) => Promise<string>): Promise<void> {
    try {
      const done = await act({ ...this.#world.ports, ...this.#auditPorts(), histories: this.#histories(name) })
      this.#world.appliedAgain.add(name)
      this.#world.trace?.(`operator  ${done}`)
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error
      this.#world.trace?.(`operator  is refused: ${error.message.slice(0, 120)}`)
    }
  }

  /** Rows that were deleted are not all back on their way. */
  get misses(): boolean {
    return this.#missing.size > 0
  }

  #histories(table: string): TableHistories {
    return { of: async () => this.#world.lakeOf(table).history }
  }

  #auditPorts(): AuditPorts {
    const newId = () => {
      this.#acts += 1
      return String(this.#acts)
    }
    return { audit: this.#audit, clock: this.#world.clock, who: 'operator', newId }
  }

  async #previewOf(item: TableItem, forces: boolean | 'even claimed ones'): Promise<Preview | undefined> {
    const held = item.refresh_status === 'held'
    const seesReload = forces === false && !held && this.#world.faults.has('reload-in-the-middle')
    if (seesReload) return this.#completing(item)
    if (!held && !(forces === 'even claimed ones' && item.refresh_status === 'updating_table')) return undefined
    if (held && item.hold_reason === 'truncated_at_source') return this.#decided(item)
    const verb = held && item.hold_reason ? verbFor[item.hold_reason] : 'unlock'
    if (verb === 'retry') return retrying(item)
    if (verb === 'release') return releasing(item)
    const { executions, jobRuns } = this.#world.ports
    const evidence = await holderOf(item, { jobName: 'tidegate', executions, jobRuns })
    const isHudi = this.#world.tables.some(({ name, format }) => name === item.raw_table_name && format === 'hudi')
    const forbidden = isHudi ? mayStillWrite(evidence, item, this.#world.clock.now()) : undefined
    return unlocking(item, evidence, forces !== false, forbidden)
  }

  /** A table that was truncated: its rows are to stay, or to go. If its files were only away for a while, they stay. */
  async #decided(item: TableItem): Promise<Preview | undefined> {
    const { tables, truncations } = this.#world
    const table = tables.find(({ name }) => name === item.raw_table_name)
    const stays = table?.truncated === 'release' || !truncations.has(item.raw_table_name)
    return stays ? releasing(item) : this.#completing(item)
  }

  /** Refused where none is staged. Said too early, the rest of the load adds to it. */
  async #completing(item: TableItem): Promise<Preview | undefined> {
    const { ports } = this.#world
    const config = await ports.config.table(CADENCE, item.raw_table_name)
    return config && completingReload(item, config, { ...ports, audit: this.#audit, newId: () => '', who: '' })
  }
}
