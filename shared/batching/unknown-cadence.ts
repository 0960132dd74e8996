/** The one answer to a cadence that nobody configured: a run of it must not succeed and do nothing. */
import { ConfigurationError } from '../errors.ts'

export const unknownCadence = (cadence: string): ConfigurationError =>
  new ConfigurationError(
    'TG1301',
    `The cadence \`${cadence}\` is not configured. Add it under \`cadences\` and type \`tidegate config apply FILE\`, or correct the schedule's input.`,
  )
