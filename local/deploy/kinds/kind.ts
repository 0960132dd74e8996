/** How one type of resource is read back, in the words of CloudFormation, and how what is missing is put by its own API. */
import type { Properties } from '../template.ts'

export interface Kind {
  /** What is there, as far as this type is read; `undefined` when there is nothing. */
  read(asked: Properties): Promise<Properties | undefined>
  /** Creates it, or puts the properties that differ (top-level names). Absent: the emulator's CloudFormation alone makes these. */
  put?(asked: Properties, found: Properties | undefined, differing: readonly string[]): Promise<void>
}

/** `undefined` instead of an error that says: there is none. */
export async function orNothing<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof Error && /NotFound|DoesNotExist|NoSuch|NonExistent|EntityNotFound/.test(error.name))
      return undefined
    throw error
  }
}

/** Only the named properties, undefined ones left out. */
export const given = (properties: Properties): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))

export const parsedJson = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text))
