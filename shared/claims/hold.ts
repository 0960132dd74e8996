/** Holding a table: why its claim needs an operator, in words that say what to do. */
import type { TableConfig } from '../contracts/config.ts'
import type { HoldReason, LandedFile, TableItem } from '../contracts/ledger.ts'
import type { OutcomeError } from '../contracts/outcome.ts'
import type { EpochSeconds } from '../contracts/primitives.ts'
import { dateTimeOf } from '../date-time.ts'
import type { Obstacle } from './reload.ts'

export interface Hold {
  readonly reason: HoldReason
  readonly error: OutcomeError
}

const holdFor = (reason: HoldReason, code: string, message: string): Hold => ({
  reason,
  error: { code, message, transient: false, details: null },
})

/** The hold that a ledger item already has. */
export const holdOf = (item: TableItem): Hold => ({
  reason: item.hold_reason ?? 'owner_ended_unsettled',
  error: item.error ?? {
    code: 'TG3105',
    message: `\`${item.raw_table_name}\` is held. Type \`tidegate status ${item.raw_table_name}\`.`,
    transient: false,
    details: null,
  },
})

/** Its job may still run, or may have committed, and no evidence can be had: only somebody who looks at the engine can tell. */
export const ownerGone = (item: TableItem, evidence: 'job_unknown' | 'execution_unknown'): Hold =>
  holdFor(
    'owner_ended_unsettled',
    evidence === 'job_unknown' ? 'TG3101' : 'TG3102',
    `\`${item.raw_table_name}\` is claimed by the run \`${item.glue_job_run_id}\`, ${
      evidence === 'job_unknown'
        ? 'which ended without settling it, and whether a job of it works is not known'
        : 'of which nobody can say whether it still runs'
    }. Look whether its job run has ended (argument \`--run-id\` = \`${item.glue_job_run_id}\`); its files stay frozen and are safe.`,
  )

/** Of a format with a single writer: a job of this run may still write, and nothing would refuse its commit. */
export const writerMayWork = (item: TableItem, runId: string): Hold =>
  holdFor(
    'owner_ended_unsettled',
    'TG3117',
    `A job of the run \`${runId}\` may still write \`${item.raw_table_name}\`, a Hudi table, which takes whatever a second writer commits. Look whether its job run has ended (argument \`--run-id\` = \`${runId}\`), then type \`tidegate unlock ${item.raw_table_name}\`; its files stay and are safe.`,
  )

/** Files under this ledger key come from another schema and table than configured: `a_b.c` and `a.b_c` are one key. */
export function nameCollision(config: TableConfig, files: readonly LandedFile[]): Hold | undefined {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
  const stranger = files.find(
    (file) => !same(file.schema_name, config.schema_name) || !same(file.table_name, config.table_name),
  )
  return (
    stranger &&
    holdFor(
      'name_collision',
      'TG3104',
      `\`${stranger.file_ingestion_path}\` is of schema \`${stranger.schema_name}\` and table \`${stranger.table_name}\`, but the ledger key \`${config.source_table_name}\` is configured for \`${config.schema_name}\` and \`${config.table_name}\`. Rename one of the two sources, or correct the configuration.`,
    )
  )
}

const TRUNCATED_NEXT = {
  emptied: (table: string) => `The next run of its cadence empties it; \`tidegate release ${table}\` keeps its rows.`,
  decided: (table: string) =>
    `Load it in full, and the load replaces them by itself; or type \`tidegate reload ${table} --complete\` to empty it, or \`tidegate release ${table}\` to keep its rows.`,
}

/** Its rows are still in the target, and no change will ever delete them. */
export const truncatedAtSource = (table: string, atS: EpochSeconds, next: keyof typeof TRUNCATED_NEXT): Hold =>
  holdFor(
    'truncated_at_source',
    'TG3119',
    `All files of \`${table}\` were deleted from the bucket until \`${dateTimeOf(atS * 1000)}\`, as AWS DMS does when a table is truncated or dropped at its source; its rows are still in the target. ${TRUNCATED_NEXT[next](table)}`,
  )

/** A reload would lose what its table has of this file: it can be completed only with the file, or begun anew behind it. */
export const reloadFileGone = (table: string, { says }: Obstacle): Hold =>
  holdFor(
    'planned_file_gone',
    'TG3115',
    `The reload of \`${table}\` is complete but for one file: ${says}. Then type \`tidegate release ${table}\`. If nobody has it any more, reload the table once more: the source has its changes.`,
  )
