/** Keys of the staging bucket are anybody's: each object is landed, ignored or refused by number, by its event as by the listing. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { landFile } from '../../../shared/landing/land-file.ts'
import { eventFor, landingFixture, STAGING } from '../landing/support.ts'
import { reconcileFixture } from '../reconcile/support.ts'
import { EXAMPLES, hostileText, numberedAtWorst } from './hostile.ts'

const folder = fc.oneof(
  fc.constantFrom('in', 'Sales', 'Orders', 'x'.repeat(300), '_temporary', 'awsdms_status', '2026', '.'),
  hostileText,
)
const name = fc.oneof(
  fc.constantFrom(
    'LOAD00000001.parquet',
    'LOADFFFFFFFFFFFFF.csv',
    '20231118-101012345.parquet',
    '99999999-999999999.csv.gz',
    'CDC_TXN-1',
    '_SUCCESS',
  ),
  hostileText,
)
const key = fc
  .tuple(fc.constantFrom('in/', 'in/Sales/', ''), fc.array(folder, { maxLength: 4 }), name)
  .map(([start, folders, last]) => start + [...folders, last].join('/'))

it('an event lands a file, or is refused by number, whatever its key, etag and size say', async () => {
  const { ports, memory } = await landingFixture()
  const size = fc.oneof(fc.nat(), fc.constantFrom(Number.MAX_SAFE_INTEGER, 0))
  await fc.assert(
    fc.asyncProperty(key, hostileText, size, fc.boolean(), async (path, etag, bytes, isThere) => {
      if (isThere) await memory.objects.put(STAGING, path, 'rows')
      const head = isThere ? await memory.objects.head(STAGING, path) : undefined
      await numberedAtWorst(() => landFile(eventFor(path, head?.etag ?? etag, bytes), ports))
    }),
    { numRuns: EXAMPLES },
  )
})

it('a listing is reconciled whatever it lists: each object is counted once, and the second time none is new', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { maxLength: 20 }), async (keys) => {
      const { memory, run } = await reconcileFixture()
      for (const one of keys) await memory.objects.put(STAGING, one, 'rows')
      const report = await run()
      const refused = Object.values(report.refused).reduce((sum, { objects }) => sum + objects, 0)
      expect(report.objects).toBe(keys.length)
      expect(report.landed + report.ignored + refused).toBe(keys.length)
      for (const [code, { example }] of Object.entries(report.refused)) {
        expect(code).toMatch(/^TG20\d\d$/)
        expect(example).not.toMatch(/\p{Cc}/u)
        expect(example.length).toBeLessThan(1_000)
      }
      expect(await run()).toMatchObject({ landed: 0, known: report.landed })
    }),
    { numRuns: Math.ceil(EXAMPLES / 4) },
  )
})
