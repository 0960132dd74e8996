/**
 * The numbered taxonomy: `TG1xxx` configuration, `TG2xxx` input (event, key, file, schema), `TG3xxx` ledger,
 * `TG4xxx` table commit, `TG5xxx` engine, `TG9xxx` ours. A message names the thing with its value in back-ticks and ends
 * with what to do. `spark-jobs/tidegate_job/errors.py` has the job's own numbers.
 */
export type Certainty =
  /** Trying again without a change gives the same error. */
  | 'terminal'
  /** Surely nothing was done; trying again may work. */
  | 'transient'
  /** It may or may not have happened: look before trying again. */
  | 'unknown'

/** Base of every error that Tidegate throws on purpose. */
export class TidegateError extends Error {
  readonly code: string
  readonly certainty: Certainty

  constructor(code: `TG${number}`, message: string, options: { certainty?: Certainty; cause?: unknown } = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.certainty = options.certainty ?? 'terminal'
  }
}

/** TG1xxx: the configuration, or what is deployed, does not allow what was asked. */
export class ConfigurationError extends TidegateError {}
/** TG2xxx: an event, a key, a file or a document from outside is not what it should be. */
export class InputError extends TidegateError {}
/** TG3xxx: the ledger refuses, since somebody else wrote in between or an item contradicts itself. */
export class LedgerError extends TidegateError {}
/** TG5xxx: the engine or the state machine could not do its work. */
export class EngineError extends TidegateError {}
/** TG9xxx: we broke our own rules. Please report it. */
export class OurError extends TidegateError {}

/** The text of anything thrown, for messages and logs. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
