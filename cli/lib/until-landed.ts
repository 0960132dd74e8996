/** Waits until the ledger knows files that were just put: the event has gone from S3 over the queue to the file manager. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, InputError, messageOf } from '../../shared/errors.ts'
import { fileIdOf } from '../../shared/files/file-id.ts'
import { parseKey, type Sources } from '../../shared/files/parse-key.ts'
import type { FileLedger } from '../../shared/ports/file-ledger.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { eachOf } from './parallel.ts'

export interface AwaitLandingPorts {
  readonly files: Pick<FileLedger, 'waiting' | 'settled'>
  readonly objects: Pick<ObjectStore, 'head'>
}

export interface AwaitLandingResult {
  readonly landed: number
  /** Keys that are no data of a table; nothing waits for them. */
  readonly ignored: number
  /** Keys that the file manager refuses, each with the reason: their events go to the dead letters. */
  readonly refused: readonly string[]
}

const pollMs = 250
const oneQueryLimit = 100_000

/** Throws EngineError TG5602 if something is still missing after `patienceMs`. */
export async function untilLanded(
  bucket: string,
  keys: readonly string[],
  sources: Sources,
  ports: AwaitLandingPorts,
  patienceMs: number,
): Promise<AwaitLandingResult> {
  const { byTable, ignored, refused } = await expected(bucket, keys, sources, ports)
  const landed = [...byTable.values()].reduce((sum, ids) => sum + ids.size, 0)
  const deadline = Date.now() + patienceMs
  for (;;) {
    await strikeOutKnown(byTable, ports)
    if (byTable.size === 0) return { landed, ignored, refused }
    if (Date.now() > deadline) throw stillMissing(byTable, patienceMs)
    await sleep(pollMs)
  }
}

type IdsByTable = Map<string, Set<string>>

async function expected(bucket: string, keys: readonly string[], sources: Sources, ports: AwaitLandingPorts) {
  const byTable: IdsByTable = new Map()
  const refused: string[] = []
  let ignored = 0
  await eachOf(keys, 16, async (key) => {
    try {
      const parsed = parseKey(bucket, key, sources, bucket)
      if (parsed.kind === 'ignored') {
        ignored += 1
        return
      }
      const head = await ports.objects.head(bucket, key)
      if (head === undefined) return
      const id = fileIdOf({ bucket, key, versionId: head.version_id, etag: head.etag, putAtS: head.put_at_s })
      byTable.set(parsed.ledgerKey, (byTable.get(parsed.ledgerKey) ?? new Set()).add(id))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      refused.push(messageOf(error))
    }
  })
  return { byTable, ignored, refused }
}

async function strikeOutKnown(byTable: IdsByTable, ports: AwaitLandingPorts): Promise<void> {
  for (const [table, ids] of byTable) {
    for (const file of await ports.files.waiting(table, oneQueryLimit)) ids.delete(file.file_id)
    for (const id of ids) if (await ports.files.settled(table, id)) ids.delete(id)
    if (ids.size === 0) byTable.delete(table)
  }
}

function stillMissing(byTable: IdsByTable, patienceMs: number): EngineError {
  const missing = [...byTable].map(([table, ids]) => `${ids.size} of \`${table}\``).join(', ')
  return new EngineError(
    'TG5602',
    `after ${patienceMs / 1000} s the ledger still lacks ${missing}. See \`tidegate status\` for dead letters, and the log of the file manager.`,
  )
}
