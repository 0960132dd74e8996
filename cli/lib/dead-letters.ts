/** The deployment's dead-letter queues and the ways back, as the use cases' ports; and what the `dlq` commands have in common. */

import { createLambdaClient, createSfnClient, createSqsClient } from '../../shared/aws/clients.ts'
import { createRedelivery } from '../../shared/aws/redelivery.ts'
import { createSqsDeadLetterQueue } from '../../shared/aws/sqs-dead-letters.ts'
import { sourcesDocument } from '../../shared/contracts/config.ts'
import { controlLayout } from '../../shared/contracts/control-layout.ts'
import type { Chosen, Letter } from '../../shared/dead-letters/choose.ts'
import type { ReplayPorts } from '../../shared/dead-letters/replay.ts'
import { readDocument } from '../../shared/documents.ts'
import { ConfigurationError, InputError } from '../../shared/errors.ts'
import { shown } from '../../shared/files/shown.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import type { Deployment } from './deployment.ts'
import { ago, number } from './human.ts'
import type { Column, Output } from './output.ts'
import { ledgerPorts } from './ports.ts'
import { ledgerNameOf } from './which-table.ts'

/** Letters of one command that names some: they are held in memory. */
export const MOST_LETTERS = 10_000

export function deadLetterPorts(deployment: Deployment): ReplayPorts {
  const sqs = createSqsClient()
  const { objects } = ledgerPorts(deployment)
  const place = { bucket: deployment.controlBucket, key: controlLayout.sources }
  return {
    queues: deployment.deadLetterQueues.map(({ name, url }) => createSqsDeadLetterQueue(sqs, name, url)),
    sources: async () => (await readDocument(sourcesDocument, place, objects))?.sources,
    stagingBucket: deployment.stagingBucket,
    stateMachineArn: deployment.stateMachineArn,
    clock: systemClock,
    redelivery: createRedelivery({
      sqs,
      sfn: createSfnClient(),
      lambda: createLambdaClient(),
      landingQueueUrl: deployment.landingQueueUrl,
      stateMachineArn: deployment.stateMachineArn,
      reconcileFunction: `${deployment.stack}-reconcile`,
      queueUrls: Object.fromEntries(deployment.deadLetterQueues.map(({ name, url }) => [name, url])),
    }),
  }
}

export interface Selection {
  readonly all?: boolean
  readonly table?: string
}

/** Exactly one of ids, `--table` and `--all`. Throws ConfigurationError TG1542. */
export function wantedOf(ids: readonly string[], { all, table }: Selection): 'all' | ((letter: Letter) => boolean) {
  if ([all === true, table !== undefined, ids.length > 0].filter(Boolean).length !== 1)
    throw new ConfigurationError(
      'TG1542',
      'say which dead letters: their ids, or `--table TABLE`, or `--all`, and only one of these.',
    )
  if (all) return 'all'
  if (table === undefined) return ({ id }) => ids.includes(id)
  const name = ledgerNameOf(table)
  return ({ what }) => what.table === name
}

/** The same for an audit item. */
export const targetOf = (ids: readonly string[], { all, table }: Selection): string =>
  all ? 'all' : table === undefined ? ids.join(' ').slice(0, 1024) : ledgerNameOf(table)

/** Throws InputError TG2660, naming them, unless every id was found. */
export function assertFound(ids: readonly string[], { letters }: Chosen): void {
  const missing = ids.filter((id) => !letters.some((letter) => letter.id === id))
  if (missing.length === 0) return
  throw new InputError(
    'TG2660',
    `no dead letter is visible with the id ${missing.map((id) => `\`${id}\``).join(', ')}. It was replayed or discarded, or somebody looks at it: \`tidegate dlq list\` again in five minutes.`,
  )
}

/** What a letter is, without its payload. */
export const summaryOf = ({ id, queue, what, sent_ms, receives }: Letter) => {
  const { kind, table, about, error } = what
  return { id, queue, kind, table, about, error, sent_ms, receives }
}

export function showLetters(letters: readonly Letter[], output: Output): void {
  const now = Date.now()
  const columns: Column<Letter>[] = [
    { title: 'ID', value: (letter) => letter.id },
    { title: 'QUEUE', value: (letter) => letter.queue },
    { title: 'SENT', value: (letter) => ago(letter.sent_ms, now) },
    { title: 'RECEIVED', value: (letter) => number(letter.receives), right: true, optional: true },
    { title: 'WHAT', value: (letter) => letter.what.kind },
    { title: 'TABLE', value: (letter) => letter.what.table ?? '-' },
    { title: 'ABOUT', value: (letter) => shown(letter.what.about ?? '-') },
    { title: 'ERROR', value: (letter) => letter.what.error ?? '-' },
  ]
  output.table(letters, columns)
}
