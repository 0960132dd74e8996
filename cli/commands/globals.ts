/** Options that every command takes. */
import { Output } from '../lib/output.ts'

export interface Globals {
  readonly json?: boolean
  readonly aws?: boolean
  readonly stage?: string
}

export const outputOf = (globals: Globals): Output => new Output(globals.json ?? false)
