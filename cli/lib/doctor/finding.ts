/** What `doctor` finds: one line each, and how to mend it. */
import { messageOf } from '../../../shared/errors.ts'

export interface Finding {
  readonly about: string
  /** `warn`: works, but somebody should look. `fail`: something does not work. */
  readonly state: 'ok' | 'warn' | 'fail'
  readonly says: string
  /** Null when there is nothing to mend. */
  readonly mend: string | null
}

export const ok = (about: string, says: string): Finding => ({ about, state: 'ok', says, mend: null })
export const warn = (about: string, says: string, mend: string): Finding => ({ about, state: 'warn', says, mend })
export const fail = (about: string, says: string, mend: string): Finding => ({ about, state: 'fail', says, mend })

/** What a look finds; when the look itself breaks, that is the finding. */
export async function looking(
  about: string,
  mend: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look()
  } catch (error) {
    return [fail(about, messageOf(error), mend)]
  }
}
