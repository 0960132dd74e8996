// @ts-check
/** What can go wrong before TypeScript can run. `TG99xx` is set apart for the scripts, since they can't import the product's taxonomy. */

/** Thrown when the bootstrap can't go on; terminal. The message names the thing and ends with what to do. */
export class BootstrapError extends Error {
  /**
   * @param {'TG9901' | 'TG9902' | 'TG9903' | 'TG9904' | 'TG9905' | 'TG9906'} code
   *   9901 a prerequisite is missing, 9902 a tool failed, 9903 another bootstrap holds the lock, 9904 no suitable Node, 9905 usage, 9906 a link stands where the bootstrap builds
   * @param {string} message
   */
  constructor(code, message) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/** Thrown when a signal ended the bootstrap; `exitCode` is 128 + the signal's number. */
export class Interrupted extends Error {
  /** @param {number} exitCode */
  constructor(exitCode) {
    super('interrupted')
    this.exitCode = exitCode
  }
}
