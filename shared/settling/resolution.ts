/** What an attempt came to, from its outcome and what is known of the job: the table of rule 3, pure. */
import type { HoldReason } from '../contracts/ledger.ts'
import type { BadFile, Outcome, OutcomeError } from '../contracts/outcome.ts'
import type { PlannedTable } from '../contracts/plan.ts'
import type { JobResult } from '../contracts/runs.ts'
import { isApplied, type OutcomeRead } from './outcome-document.ts'
import { isAlone, type RunJobs } from './run-jobs.ts'

export type Resolution =
  | { readonly kind: 'applied'; readonly outcome: Outcome }
  | {
      readonly kind: 'failed' | 'held'
      readonly result: 'rejected' | 'unknown'
      /** The next attempt gets the very same entry. */
      readonly frozen: boolean
      readonly hold_reason: HoldReason | null
      readonly error: OutcomeError
      /** The job worked on it and did not commit: so many in a row hold the table. */
      readonly counts: boolean
      /** Files that go into quarantine before the table is released, so that the next batch is without them. */
      readonly quarantine: readonly BadFile[]
      /** Files with other bytes now, of a batch that is free: what became of their newer puts decides about them. */
      readonly overwritten: readonly BadFile[]
    }

/** What is known of the jobs that received the entry. */
export interface Proof {
  /** Some attempt before this one is not known to have ended. */
  readonly unproved: boolean
  /** This attempt's job runs, if the engine was asked. */
  readonly jobs: RunJobs | undefined
}

export type Failed = Exclude<Resolution, { kind: 'applied' }>

/** The job's number for a file that reaches below the kept part of the tombstone log. */
const LATE_BEYOND_WINDOW = 'TG2301'
/** Its number for a column whose values would be lost. */
const COLUMN_NARROWED = 'TG2221'
/** Its number for a key that is another one. */
const KEY_CHANGED = 'TG2222'
/** Its number for a change that is older than a row which took values from before it. */
const LATE_PARTIAL = 'TG2302'
/** What only an operator can decide about, whatever the policy for bad files. */
const HELD_FOR: Readonly<Record<string, HoldReason>> = {
  [LATE_BEYOND_WINDOW]: 'late_beyond_window',
  [LATE_PARTIAL]: 'late_partial_update',
  [COLUMN_NARROWED]: 'schema_changed',
  [KEY_CHANGED]: 'schema_changed',
}
/** Its newer put waits, or will: the next claim supersedes the file, and quarantine is for what somebody must look at. */
const OVERWRITTEN = 'overwritten'
/** It is of other columns than the table has, or than its settings name. */
const COLUMNS = 'columns'
const COLUMNS_TOLD = 3

/**
 * | outcome            | job started | result            | the table's files                                         |
 * |--------------------|-------------|-------------------|-----------------------------------------------------------|
 * | (already) committed| any         | that              | settled                                                   |
 * | rejected           | yes         | rejected          | free after `lookup: absent` or a first attempt, else frozen; |
 * |                    |             |                   | when free, bad ones into quarantine if that is the policy |
 * |                    | twice       | unknown           | frozen: the other job may have committed                  |
 * | unknown, none      | yes         | unknown           | frozen                                                    |
 * | none               | no          | rejected          | free after a first attempt, else frozen                   |
 * | anything else      | maybe       | unknown, held     | frozen                                                    |
 *
 * An outcome though "no job started" is no proof that only one did: as good as maybe. `unproved`: an attempt that received the
 * entry is not known to have ended, so that what a look-up did not find may still come: frozen, whatever it says.
 */
export function resolve(planned: PlannedTable, read: OutcomeRead, job: JobResult, proof: Proof): Resolution {
  if (typeof read === 'object' && isApplied(read)) return { kind: 'applied', outcome: read }
  if (job.started === 'maybe' || (job.started === 'no' && read !== 'absent')) return mayHaveStarted(planned, job)
  if (job.started === 'no') return notStarted(planned, job)
  if (typeof read !== 'object' || read.result !== 'rejected') return unknown(planned, read, job)
  return proof.jobs && isAlone(proof.jobs)
    ? rejected(planned, read, proof.unproved)
    : notAlone(planned, read, proof.jobs)
}

function rejected(planned: PlannedTable, read: Outcome, unproved: boolean): Resolution {
  const holdReason = HELD_FOR[read.error?.code ?? ''] ?? null
  const frozen = unproved || !(read.lookup === 'absent' || isFirstAttempt(planned))
  const unfit = planned.entry.merge.on_bad_file === 'quarantine' ? allForTheirColumns(planned, read) : undefined
  const quarantine =
    frozen || unfit || planned.entry.merge.on_bad_file !== 'quarantine'
      ? []
      : read.bad_files.filter((file) => file.reason !== OVERWRITTEN)
  return {
    kind: holdReason ? 'held' : 'failed',
    result: 'rejected',
    frozen,
    // An attempt that puts files aside is one step further than the one before.
    counts: quarantine.length === 0,
    quarantine,
    overwritten: frozen ? [] : read.bad_files.filter((file) => file.reason === OVERWRITTEN),
    hold_reason: holdReason,
    error:
      unfit ??
      read.error ??
      errorOf(
        'TG5305',
        `The job rejected the batch of \`${planned.table}\` and gave no reason. Look into its log.`,
        false,
      ),
  }
}

/**
 * The error of a batch all of whose files are of other columns than the table: then its configuration or the source has changed,
 * and every batch after it would be put aside as well, one after the other. As under `hold`, its files wait.
 */
function allForTheirColumns(planned: PlannedTable, { bad_files, error }: Outcome): OutcomeError | undefined {
  const unfit = new Map(bad_files.filter((file) => file.reason === COLUMNS).map((file) => [file.file_id, file.detail]))
  if (!error || !planned.entry.files.every((file) => unfit.has(file.file_id))) return undefined
  const told = [...new Set([...unfit.values()].map(withoutUri))].slice(0, COLUMNS_TOLD)
  const text = `All \`${unfit.size}\` files of the batch of \`${planned.table}\` have other columns than the table, so none is put aside by \`on_bad_file: quarantine\`: one ${told.join(' One ')} Or put a good file: the next run tries again, with what waits by then.`
  return { ...error, message: text }
}

/** The job's messages begin with the file, which is another one each time. */
const withoutUri = (detail: string): string => detail.replace(/^`[^`]*` /, '')

const notStarted = (planned: PlannedTable, job: JobResult): Resolution => ({
  kind: 'failed',
  result: 'rejected',
  frozen: !isFirstAttempt(planned),
  ...nobodysFault,
  hold_reason: null,
  error: errorOf(
    'TG5301',
    `No job was started for \`${planned.table}\`: \`${job.error ?? 'no reason given'}\`. The next run of its cadence tries again; if it stays, check the job's name, rights and limits.`,
    true,
  ),
})

const mayHaveStarted = (planned: PlannedTable, job: JobResult): Resolution => ({
  kind: 'held',
  result: 'unknown',
  frozen: true,
  ...nobodysFault,
  hold_reason: 'job_may_have_started',
  error: errorOf(
    'TG5302',
    `A job for \`${planned.table}\` may have started without our knowing: \`${job.error ?? 'no reason given'}\`. Look for a job run whose \`--run-id\` is this run's; its files stay frozen and are safe.`,
    false,
  ),
})

/** One of its jobs rejected it; what the others did is in the table, if anywhere. */
const notAlone = (planned: PlannedTable, read: Outcome, jobs: RunJobs | undefined): Resolution =>
  leftUnknown(
    errorOf(
      'TG5308',
      `The job rejected the batch of \`${planned.table}\` (\`${read.error?.code ?? 'no code'}\`), but the engine shows \`${jobs?.count ?? 0}\` job runs of \`${read.run_id}\`${jobs?.over ? '' : ', not all known to be over'}: another one may have committed it. The next run of its cadence looks into the table whether the batch is there.`,
      true,
    ),
  )

function unknown(planned: PlannedTable, read: OutcomeRead, job: JobResult): Resolution {
  const ended = `The job \`${job.id ?? 'without an id'}\` ended as \`${job.state ?? 'unknown'}\`${job.error ? ` (\`${job.error}\`)` : ''}`
  const next = 'The next run of its cadence looks into the table whether the batch is there.'
  const missing = read === 'absent' ? 'without an outcome' : 'and its outcome is not usable'
  return leftUnknown(
    (typeof read === 'object' ? read.error : null) ??
      errorOf(read === 'unusable' ? 'TG5304' : 'TG5303', `${ended} ${missing} for \`${planned.table}\`. ${next}`, true),
  )
}

const leftUnknown = (error: OutcomeError): Resolution => ({
  kind: 'failed',
  result: 'unknown',
  frozen: true,
  counts: true,
  quarantine: [],
  overwritten: [],
  hold_reason: null,
  error,
})

/** No job is known to have worked on it. */
const nobodysFault = { counts: false, quarantine: [], overwritten: [] } as const

/** Nobody received this entry before: what this attempt surely did not commit, nobody did. */
const isFirstAttempt = (planned: PlannedTable): boolean => planned.attempt === 1

const errorOf = (code: string, message: string, transient: boolean): OutcomeError => ({
  code,
  message,
  transient,
  details: null,
})
