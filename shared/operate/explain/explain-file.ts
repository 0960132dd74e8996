/** Why is this file not in its table yet? Its whole way, from the put to the snapshot. */
import type { LandedFile, SettledFile, TableItem, TableRun } from '../../contracts/ledger.ts'
import { InputError, messageOf } from '../../errors.ts'
import { fileIdOf } from '../../files/file-id.ts'
import { type DataKey, parseKey } from '../../files/parse-key.ts'
import { shown } from '../../files/shown.ts'
import { EVERYTHING } from '../../look-further.ts'
import type { ObjectHead } from '../../ports/object-store.ts'
import { schemaChangesText } from '../../status/schema-changes.ts'
import type { ExplainPorts } from './ports.ts'
import { reloadSteps } from './reload-steps.ts'
import { batchText, done, ended, type Step, type Story, storyOf, stuck, timeText, waits } from './story.ts'
import { claimSteps, configurationOf, configurationStep, openBatch, scheduleSteps } from './table-steps.ts'

export interface FilePlace {
  readonly bucket: string
  readonly key: string
}

/** `s3://bucket/key`, or a key of the staging bucket. */
export function placeOf(text: string, stagingBucket: string): FilePlace {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(text) ?? []
  return bucket && key ? { bucket, key } : { bucket: stagingBucket, key: text }
}

/** More than a table's history has for months; beyond it a deleted object's file is not found. */
const MOST_SETTLED = 20_000
/** An event takes a second or two; a minute is no loss yet. */
const EVENT_TAKES_MS = 60_000

/** Throws InputError TG2640 for a key that neither the bucket nor the ledger has, and what ports throw. */
export async function explainFile(place: FilePlace, ports: ExplainPorts): Promise<Story> {
  const file = `s3://${place.bucket}/${place.key}`
  const head = await ports.objects.head(place.bucket, place.key)
  const key = await keySteps(place, ports)
  if (!key.data) {
    if (!head) throw nowhere(file)
    return storyOf({ file, table: null }, [putStep(head), ...key.steps], '')
  }
  const table = key.data.ledgerKey
  const known = await inLedger(table, place, head, ports)
  if (!head && !known) throw nowhere(file)
  const steps = [head ? putStep(head) : gone(known), ...key.steps]
  if (!known) return storyOf({ file, table }, [...steps, await eventStep(head, ports)], '')
  steps.push(done('event', `in the ledger as \`${known.file_id}\``, { at_ms: known.landed_at_ms }))
  if (known.released_at_ms)
    steps.push(done('ledger', 'an operator released it from quarantine', { at_ms: known.released_at_ms }))
  if (known.backfilled_at_ms)
    steps.push(done('ledger', 'an operator had it applied again (`backfill`)', { at_ms: known.backfilled_at_ms }))
  if ('settled_at_ms' in known) return settledStory(file, known, steps, ports)
  return waitingStory(file, known, steps, ports)
}

const nowhere = (file: string): InputError =>
  new InputError(
    'TG2640',
    `\`${shown(file)}\` is neither on the bucket nor in the ledger. \`tidegate files TABLE\` lists the files of a table.`,
  )

const putStep = ({ bytes, etag, put_at_s }: ObjectHead): Step =>
  done('put', `on the bucket, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}, etag \`${etag}\``, { at_ms: put_at_s * 1000 })

/** No object any more: for a settled file that is as it should be. */
function gone(known: LandedFile | SettledFile | undefined): Step {
  const says = 'the object is not on the bucket any more'
  const at = known ? { at_ms: known.put_at_s * 1000 } : {}
  if (known && 'settled_at_ms' in known) return done('put', says, at)
  return stuck('put', says, { ...at, next: 'put it again as it was: its changes are in no table' })
}

async function keySteps({ bucket, key }: FilePlace, ports: ExplainPorts): Promise<{ steps: Step[]; data?: DataKey }> {
  try {
    const parsed = parseKey(bucket, key, await ports.sources(), ports.stagingBucket)
    if (parsed.kind === 'ignored') return { steps: [ended('key', `no table's file: ${parsed.reason}`)] }
    const kind = parsed.kind === 'full' ? 'full-load file' : 'change file'
    const says = `${kind} of \`${parsed.ledgerKey}\`, by source \`${parsed.sourceName}\``
    return { steps: [done('key', says)], data: parsed }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return {
      steps: [stuck('key', messageOf(error), { next: 'put it where a source expects it; its event is a dead letter' })],
    }
  }
}

/** The put that is on the bucket now, else the newest that the ledger remembers of this key. */
async function inLedger(table: string, place: FilePlace, head: ObjectHead | undefined, ports: ExplainPorts) {
  const { bucket, key } = place
  const waiting = (await ports.files.waiting(table, EVERYTHING)).filter((file) => file.file_ingestion_path === key)
  if (head) {
    const id = fileIdOf({ bucket, key, versionId: head.version_id, etag: head.etag, putAtS: head.put_at_s })
    return waiting.find((file) => file.file_id === id) ?? (await ports.files.settled(table, id))
  }
  const settled = await ports.files.settledFiles(table, MOST_SETTLED)
  return waiting.at(-1) ?? settled.find((file) => file.file_ingestion_path === key)
}

async function eventStep(head: ObjectHead | undefined, ports: ExplainPorts): Promise<Step> {
  const { on_their_way, dead } = await ports.queues()
  const age = ports.clock.now() - (head?.put_at_s ?? 0) * 1000
  if (on_their_way > 0 || age < EVENT_TAKES_MS)
    return waits('event', `not in the ledger yet; ${on_their_way} events are on their way`, { next: 'wait a moment' })
  if (dead > 0)
    return stuck('event', `not in the ledger, but ${dead} dead letters may be its event`, {
      next: '`tidegate dlq list`, then replay',
    })
  return stuck('event', 'not in the ledger, and no event is on its way: it was lost', {
    next: '`tidegate reconcile` lands what no event announced',
  })
}

async function settledStory(file: string, known: SettledFile, steps: Step[], ports: ExplainPorts): Promise<Story> {
  const table = known.source_table_name
  const at = { at_ms: known.settled_at_ms }
  const about = { file, table }
  if (known.file_ingestion_status === 'raw_file_superseded') {
    const why = `superseded, \`${known.reason ?? 'for no known reason'}\`: a newer put or load stands for it`
    return storyOf(about, [...steps, ended('ledger', why, at)], '')
  }
  if (known.file_ingestion_status === 'raw_file_quarantined') {
    const note = known.quarantine
    const why = `quarantined at \`${note?.stage ?? 'an unknown stage'}\`: ${shown(note?.detail ?? known.reason ?? 'for no known reason')}`
    if (note && note.discarded_at_ms !== null)
      return storyOf(about, [...steps, ended('ledger', `${why}; an operator gave its changes up`, at)], '')
    const next = `\`tidegate quarantine show ${known.file_id}\`, then put a good file, release or discard it`
    return storyOf(about, [...steps, stuck('ledger', why, { ...at, next })], '')
  }
  const run = known.glue_job_run_id ? await ports.tables.run(table, known.glue_job_run_id) : undefined
  const counted = known.rows === undefined ? '' : `, ${known.rows} ${known.rows === 1 ? 'row' : 'rows'}`
  steps.push(
    done('claim', `run \`${known.glue_job_run_id ?? 'unknown'}\`, batch \`${batchText(known.batch_id ?? 'unknown')}\``),
    done('commit', `snapshot \`${run?.snapshot ?? 'that its history no longer has'}\`${counted}${columnsText(run)}`),
    done('ledger', 'settled', at),
  )
  return storyOf(about, steps, `in the table since ${timeText(known.settled_at_ms)}`)
}

const columnsText = (run: TableRun | undefined): string =>
  run?.schema_changes ? `; its batch ${shown(schemaChangesText(run.schema_changes))}` : ''

async function waitingStory(file: string, known: LandedFile, steps: Step[], ports: ExplainPorts): Promise<Story> {
  const table = known.source_table_name
  const [configured, item] = await Promise.all([configurationOf(table, ports), ports.tables.get(table)])
  const open = await openBatch(item, ports)
  const isOpen = open.ids.has(known.file_id)
  steps.push(
    configurationStep(table, configured),
    ...(await scheduleSteps(configured, ports)),
    ...(await claimSteps(item, ports)),
    ...open.steps,
    ...(isOpen ? [] : await reloadSteps(configured, item, ports, known)),
    isOpen ? openStep(item, known) : await queueStep(known, open.ids, ports),
  )
  // An attempt got the file; whether it committed is in the table, or nowhere.
  return storyOf({ file, table }, steps, '', isOpen)
}

const openStep = (item: TableItem | undefined, known: LandedFile): Step =>
  waits(
    'queue',
    `it is in the open batch \`${batchText(item?.batch_id ?? '')}\`, given out ${item?.attempts === 1 ? 'once' : `${item?.attempts ?? 0} times`}: nothing else is applied before it`,
    { next: `\`tidegate runs ${known.source_table_name}\` shows the attempts` },
  )

async function queueStep(known: LandedFile, open: ReadonlySet<string>, ports: ExplainPorts): Promise<Step> {
  const waiting = await ports.files.waiting(known.source_table_name, EVERYTHING)
  const before = waiting.findIndex((file) => file.file_id === known.file_id)
  const behind = open.size > 0 ? `, the ${open.size} of the open batch among them` : ''
  const says =
    before <= 0
      ? 'it waits, the oldest of its table'
      : `it waits behind ${before} older ${before === 1 ? 'file' : 'files'}${behind}`
  return waits('queue', says, { next: 'nothing: the next runs of its cadence take the oldest files first' })
}
