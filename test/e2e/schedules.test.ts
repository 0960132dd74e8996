/** Pausing a cadence, moving the schedules' clock on and looking at the local cloud, as an operator does it. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root, Workplace } from './support/tidegate.ts'

const place = new Workplace()
afterAll(() => place.close())

interface LocalStatus {
  running: boolean
  data_dir: string
  executions: { running: number }
  scheduler: { firing: boolean; ahead_ms: number; schedules: { name: string; state: string }[] }
}

const cadence = '10_min_refresh'
const fastForward = async () =>
  (await place.json<{ fired: { schedule: string; result: string }[] }>('local', 'fast-forward', '10m')).fired
const stateOf = async () =>
  (await place.json<LocalStatus>('local', 'status')).scheduler.schedules.find(({ name }) => name === cadence)?.state
const up = () => place.json('local', 'up', '--detach', '--port', '0', '--data-dir', join(place.folder, 'data'))

test('where no local cloud runs, its status says so and is 1', async () => {
  const ended = await place.tidegate('local', 'status')
  expect([ended.code, ended.stdout]).toEqual([1, ''])
  expect(ended.stderr).toContain('TG1506')
})

test('a paused cadence does not fire, not after a restart either, until it is resumed', async () => {
  await up()
  const status = await place.json<LocalStatus>('local', 'status')
  expect(status).toMatchObject({ running: true, data_dir: join(place.folder, 'data'), executions: { running: 0 } })
  expect(status.scheduler).toMatchObject({
    firing: false,
    ahead_ms: 0,
    schedules: expect.arrayContaining([
      expect.objectContaining({ name: cadence, state: 'ENABLED' }),
      expect.objectContaining({ name: 'reconcile', state: 'ENABLED' }),
    ]),
  })
  expect(await fastForward()).toMatchObject([{ schedule: cadence, result: 'started' }])

  expect(await place.json('pause', cadence)).toEqual({ cadence, state: 'paused' })
  expect(await fastForward()).toEqual([])
  expect(await place.json('status')).toMatchObject({ paused_cadences: [cadence] })
  await place.tidegate('local', 'down')
  await up()
  expect(await stateOf()).toBe('DISABLED')
  expect((await place.tidegate('status')).stdout).toContain(`paused: ${cadence}`)
  await place.json('config', 'apply', join(root, 'tidegate.yml')) // the doctor compares with what is applied
  expect((await place.tidegate('doctor')).stdout).toContain(`warn  schedules     cadence \`${cadence}\` is paused`)

  await place.json('resume', cadence)
  expect(await place.json('status')).toMatchObject({ paused_cadences: [] })
  expect(await fastForward()).toMatchObject([{ schedule: cadence, result: 'started' }])
})

test.each([
  [['pause', 'none'], 'TG1510'],
  [['local', 'fast-forward', 'soon'], 'TG1511'],
])('%j is refused with %s', async (args, code) => {
  const ended = await place.tidegate(...args)
  expect(ended.code).toBe(2)
  expect(ended.stderr).toContain(code)
})
