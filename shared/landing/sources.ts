/** The configured sources, as `config apply` left them on the control bucket; read again after a minute. */
import { sourcesDocument } from '../contracts/config.ts'
import { controlLayout } from '../contracts/control-layout.ts'
import type { EpochMs } from '../contracts/primitives.ts'
import { ConfigurationError } from '../errors.ts'
import type { Sources } from '../files/parse-key.ts'
import type { Clock } from '../ports/clock.ts'
import type { ObjectStore } from '../ports/object-store.ts'

const FRESH_FOR_MS = 60_000

/**
 * A reader with a memory. It throws ConfigurationError TG1001 (transient) while nothing was applied yet, TG1002 for a
 * document that this version can't read.
 */
export function sourcesFrom(
  objects: Pick<ObjectStore, 'get'>,
  controlBucket: string,
  clock: Clock,
): () => Promise<Sources> {
  let seen: { readonly sources: Promise<Sources>; readonly atMs: EpochMs } | undefined
  return () => {
    if (seen && clock.now() - seen.atMs < FRESH_FOR_MS) return seen.sources
    // The promise is kept, not its value: a batch of messages asks at once and one read serves all.
    const mine = { sources: readSources(objects, controlBucket), atMs: clock.now() }
    seen = mine
    mine.sources.catch(() => {
      if (seen === mine) seen = undefined
    })
    return mine.sources
  }
}

async function readSources(objects: Pick<ObjectStore, 'get'>, controlBucket: string): Promise<Sources> {
  const where = `s3://${controlBucket}/${controlLayout.sources}`
  const text = await objects.get(controlBucket, controlLayout.sources)
  if (text === undefined)
    throw new ConfigurationError('TG1001', `\`${where}\` is not there: run \`tidegate config apply\``, {
      certainty: 'transient',
    })
  try {
    return sourcesDocument.parse(JSON.parse(text)).sources
  } catch (cause) {
    throw new ConfigurationError(
      'TG1002',
      `\`${where}\` can't be read: run \`tidegate config apply\` of this version`,
      {
        cause,
      },
    )
  }
}
