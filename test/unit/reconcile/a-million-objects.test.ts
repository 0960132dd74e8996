/** Reconciling holds one page, whatever the bucket's size: what is held is counted, since a heap says little. */
import { expect, it } from 'vitest'
import type { FileName } from '../../../shared/ports/file-census.ts'
import type { ListedObject } from '../../../shared/ports/object-store.ts'
import type { ReconcileOptions } from '../../../shared/reconcile/options.ts'
import { minuteMs, reconcileFixture } from './support.ts'

/** `npm run check:deep` takes a million. */
const objects = process.env.TIDEGATE_DEEP === '1' ? 1_000_000 : 20_000
const page = 1_000
const tables = 200
const startMs = Date.UTC(2023, 10, 18, 10, 10)

/** Object `n`: in the binary order of keys, of one of 200 tables, one in a thousand under no source. */
function objectAt(n: number): ListedObject {
  const table = String(Math.floor((n * tables) / objects)).padStart(3, '0')
  const folder = n % 1_000 === 999 ? 'no' : 'in'
  const time = new Date(startMs - n * 1_000).toISOString().replaceAll(/[-:]/g, '').replace('.', '').slice(0, 18)
  return {
    key: `${folder}/Sales/Table${table}/${String(n).padStart(8, '0')}/${time.replace('T', '-').replace('Z', '')}.parquet`,
    etag: `etag${n}`,
    bytes: n,
    put_at_s: startMs / 1000 - n,
  }
}

/** A listing that counts, and a ledger that knows all but every hundredth file: neither keeps anything of its own. */
async function world() {
  const seen = { listed: 0, landed: 0, lookUps: 0, furthestAhead: 0, handled: 0 }
  const fixture = await reconcileFixture()
  const numberOf = (key: string): number => Number(/\/(\d{8})\//.exec(key)?.[1])
  const ports = {
    objects: {
      listed: async function* (_bucket: string, _prefix: string, startAfter?: string) {
        for (let n = startAfter === undefined ? 0 : numberOf(startAfter) + 1; n < objects; n++) {
          seen.listed += 1
          seen.furthestAhead = Math.max(seen.furthestAhead, seen.listed - seen.handled)
          yield objectAt(n)
        }
      },
      head: async (_bucket: string, key: string) => {
        const { key: _, ...head } = objectAt(numberOf(key))
        return head
      },
    },
    files: {
      land: async () => {
        seen.landed += 1
        return 'landed' as const
      },
      settled: async () => undefined,
      settledFiles: async () => [],
      settledBetween: async () => [],
      waiting: async () => [],
    },
    census: {
      known: async (files: readonly (FileName & { object?: ListedObject })[]) => {
        seen.lookUps += 1
        // At once, since a bug that holds on to more takes for ever.
        if (files.length > page) throw new Error(`${files.length} files are held`)
        seen.handled = seen.listed
        return new Set(
          files.filter(({ object }) => numberOf(object?.key ?? '') % 100 !== 0).map((file) => file.file_id),
        )
      },
      everyWaiting: async function* () {},
    },
  }
  fixture.memory.clock.advance(minuteMs)
  return { run: (options: Partial<ReconcileOptions>) => fixture.runWith(ports, options), seen }
}

it(`of ${objects} objects it holds ${page} at a time, and its report stays small`, async () => {
  const { run, seen } = await world()
  const pages: number[] = []
  const report = await run({ progress: (count) => pages.push(count) })
  const refused = objects / 1_000
  expect(report).toMatchObject({ objects, landed: objects / 100, complete: true })
  expect(report.known).toBe(objects - objects / 100 - refused)
  expect(report.refused.TG2005?.objects).toBe(refused)
  expect(seen).toMatchObject({ listed: objects, landed: objects / 100, lookUps: objects / page })
  // Listed, and not yet looked up: never more than the page at hand.
  expect(seen.furthestAhead).toBeLessThanOrEqual(page)
  expect(JSON.stringify(report).length).toBeLessThan(10_000)
  expect(pages.at(-1)).toBe(objects)
})

it('in parts, each with its time, it sees every object exactly once', async () => {
  const { run, seen } = await world()
  let next: string | null = null
  let parts = 0
  let known = 0
  do {
    // A deadline that is over: each part does one page.
    const report = await run({ deadlineMs: 0, startAfter: next ?? undefined })
    known += report.known
    next = report.next
    parts += 1
  } while (next !== null && parts < 5)
  expect({ parts, listed: seen.listed }).toEqual({ parts: 5, listed: 5 * page })
  expect(known).toBe(5 * page * 0.99 - 5)
  const rest = await run({ startAfter: next ?? undefined })
  expect(rest).toMatchObject({ objects: objects - 5 * page, next: null, complete: true })
  expect(seen.listed).toBe(objects)
})
