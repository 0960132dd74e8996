/** What a dead letter is about: which file of which table, or which schedule, and why it died. Bodies are strangers' input. */
import { z } from 'zod'
import { type StorageEvent, storageEvent } from '../contracts/event.ts'
import { jsonOf } from '../documents.ts'
import { TidegateError } from '../errors.ts'
import { parseKey, type Sources } from '../files/parse-key.ts'
import { shown } from '../files/shown.ts'
import type { DeadLetter } from '../ports/dead-letters.ts'

export interface Understood {
  /** `event` of the staging bucket; `start` of a cadence; `reconcile`; `other`: nothing that we sent. */
  readonly kind: 'event' | 'start' | 'reconcile' | 'other'
  /** Ledger name, of an event whose key says it. */
  readonly table: string | null
  /** The event's object key, or the start's cadence. */
  readonly about: string | null
  /** Why it died, fit to be shown, as far as the letter says or its key tells; null: look into the file manager's log. */
  readonly error: string | null
  /** Of a `start`: what StartExecution is to be given again. */
  readonly execution: { readonly machine: string; readonly name: string; readonly input: string } | null
}

/** Input of the universal target, as deploy/schedules.cjs writes it. */
const startInput = z.object({ StateMachineArn: z.string().min(1), Name: z.string().min(1), Input: z.string().min(1) })
const cadenceInput = z.object({ refresh_cadence: z.string().min(1) })

/** `sources` undefined: none are applied, so no key tells a table. */
export function understand(letter: DeadLetter, sources: Sources | undefined, stagingBucket: string): Understood {
  const body = jsonOf(letter.body)
  const event = storageEvent.safeParse(body)
  if (event.success) return ofEvent(event.data.detail, letter, sources, stagingBucket)
  const start = startInput.safeParse(body)
  if (start.success) {
    const { StateMachineArn: machine, Name: name, Input: input } = start.data
    const cadence = cadenceInput.safeParse(jsonOf(input))
    const execution = { machine, name, input }
    return { ...nothing(letter), kind: 'start', about: cadence.data?.refresh_cadence ?? null, execution }
  }
  const target = letter.attributes.TARGET_ARN ?? ''
  const isReconcile = /^arn:[\w-]+:lambda:.*-reconcile$/.test(target)
  return { ...nothing(letter), kind: isReconcile ? 'reconcile' : 'other' }
}

function ofEvent(
  { bucket, object }: StorageEvent['detail'],
  letter: DeadLetter,
  sources: Sources | undefined,
  stagingBucket: string,
): Understood {
  const known = { ...nothing(letter), kind: 'event', about: object.key } as const
  if (sources === undefined) return known
  try {
    const parsed = parseKey(bucket.name, object.key, sources, stagingBucket)
    return { ...known, table: parsed.kind === 'ignored' ? null : parsed.ledgerKey }
  } catch (error) {
    // The very error that the file manager threw.
    return { ...known, error: known.error ?? (error instanceof TidegateError ? error.message : null) }
  }
}

const nothing = ({ attributes }: DeadLetter): Understood => {
  const { ERROR_CODE: code, ERROR_MESSAGE: message } = attributes
  const error = code === undefined && message === undefined ? null : shown([code, message].filter(Boolean).join(': '))
  return { kind: 'other', table: null, about: null, error, execution: null }
}
