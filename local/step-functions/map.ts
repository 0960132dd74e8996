/** The distributed Map: one child execution for each element of a JSON array on S3, so many at once. */
import { messageOf } from '../../shared/errors.ts'
import type { MapState } from './definition.ts'
import { ExecutionStopped, PAYLOAD_LIMIT_BYTES, StateError, withinLimit } from './errors.ts'
import type { Json } from './ports.ts'
import { render, renderCount, renderObject } from './template.ts'
import { assignAll, type MapRun, outputOr, type Run, scopeOf, type Transition, type Visit } from './visit.ts'

/** Children that Step Functions runs at once when `MaxConcurrency` is 0 or absent. */
const HIGHEST_CONCURRENCY = 10_000

export async function runMap(state: MapState, visit: Visit, run: Run): Promise<Transition> {
  const scope = scopeOf(run, visit)
  const maxConcurrency = state.maxConcurrency ? await renderCount(state.maxConcurrency, scope) : 0
  const known = visit.resumed?.at === 'mapRun' ? run.openMapRun(state, 0, 0, visit.resumed.arn) : undefined
  const read = async () => readItems(await renderObject(state.readerArguments, scope), run)
  const items = known ? [] : await read()
  const mapRun = known ?? run.openMapRun(state, items.length, maxConcurrency)
  if (!known) run.history.add('MapRunStarted', { mapRunArn: mapRun.arn })
  try {
    await runItems(state, visit, run, mapRun, known ? await read() : items, maxConcurrency || HIGHEST_CONCURRENCY)
  } catch (error) {
    if (error instanceof StateError) {
      mapRun.close('FAILED')
      run.history.add('MapRunFailed', { error: error.errorName, cause: error.causeText })
    } else if (error instanceof ExecutionStopped) {
      mapRun.close('ABORTED')
      run.history.add('MapRunAborted')
    }
    throw error
  }
  mapRun.close('SUCCEEDED')
  run.history.add('MapRunSucceeded')
  return {
    next: state.next,
    output: await outputOr(state.output, visit.input, scope),
    assigned: await assignAll(state.assign, scope),
  }
}

async function readItems(location: { [key: string]: Json }, run: Run): Promise<Json[]> {
  const { Bucket: bucket, Key: key } = location
  const failed = (problem: string) =>
    new StateError('States.ItemReaderFailed', `Attempting to read \`s3://${bucket}/${key}\`: ${problem}`)
  let items: Json
  try {
    items = JSON.parse(await run.ports.readObject(String(bucket), String(key)))
  } catch (error) {
    throw failed(messageOf(error))
  }
  if (!Array.isArray(items)) throw failed('the object is not a JSON array.')
  return items
}

/** Returns when every child ended. Throws once more failed than are tolerated; the others are stopped then. */
async function runItems(
  state: MapState,
  visit: Visit,
  run: Run,
  mapRun: MapRun,
  items: Json[],
  concurrency: number,
): Promise<void> {
  const enough = new AbortController()
  const signal = AbortSignal.any([run.signal, enough.signal])
  let taken = 0
  let failed = 0
  let bytes = 0
  const worker = async (): Promise<void> => {
    while (taken < items.length && !signal.aborted) {
      const index = taken
      taken += 1
      const child = await mapRun.child(index, await select(state, visit, run, index, items[index] as Json), signal)
      if (child.status !== 'SUCCEEDED') failed += 1
      bytes += Buffer.byteLength(child.output ?? '')
      if ((100 * failed) / items.length > state.toleratedFailurePercentage)
        throw new StateError(
          'States.ExceedToleratedFailureThreshold',
          'The specified tolerated failure threshold was exceeded.',
        )
    }
  }
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, () =>
    worker().catch((error: unknown) => enough.abort(enough.signal.reason ?? error)),
  )
  await Promise.all(workers)
  signal.throwIfAborted()
  if (bytes > PAYLOAD_LIMIT_BYTES)
    throw new StateError('States.DataLimitExceeded', `The children returned \`${bytes}\` bytes together.`)
}

async function select(state: MapState, visit: Visit, run: Run, index: number, item: Json): Promise<Json> {
  const scope = scopeOf(run, visit, { mapItem: { Index: index, Value: item } })
  const input = state.itemSelector ? await render(state.itemSelector, scope) : item
  withinLimit(input, `input of item \`${index}\` of the state \`${state.name}\``)
  return input
}
