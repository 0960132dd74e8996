import { expect, test } from 'vitest'
import { createMemoryAuditLog } from '../../../shared/memory/audit-log.ts'
import { createMemoryClock } from '../../../shared/memory/clock.ts'
import { type AuditPorts, audited } from '../../../shared/operate/audit.ts'

const act = { verb: 'unlock', target: 'hr_salaries', reason: 'the job ended' }

function portsOf(): AuditPorts {
  let ids = 0
  const clock = createMemoryClock(Date.parse('2026-01-02T03:04:05.006Z'))
  return { audit: createMemoryAuditLog(), clock, newId: () => `id-${++ids}`, who: 'ada@laptop' }
}

test('an act is written down before it is done, and after it with what came of it', async () => {
  const ports = portsOf()
  const value = await audited(act, ports, async (note) => {
    expect(await ports.audit.recent(9)).toMatchObject([{ result: 'begun', details: {} }])
    note({ revision: 7 })
    return 'unlocked'
  })
  expect(value).toBe('unlocked')
  expect(await ports.audit.recent(9)).toEqual([
    {
      ...act,
      id: '2026-01-02T03:04:05.006Z-id-1',
      at_ms: Date.parse('2026-01-02T03:04:05.006Z'),
      who: 'ada@laptop',
      dry_run: false,
      result: 'done',
      details: { revision: 7 },
    },
  ])
})

test('an act that fails is written down with how far it came and why, and its own error is thrown', async () => {
  const ports = portsOf()
  const failing = audited(act, ports, async (note) => {
    note({ moved: 2 })
    throw new Error('the third was refused')
  })
  await expect(failing).rejects.toThrow('the third was refused')
  expect(await ports.audit.recent(9)).toMatchObject([
    { result: 'failed', details: { moved: 2, error: 'the third was refused' } },
  ])
})

test('an error is written down up to a thousand characters, and one that can’t be is thrown all the same', async () => {
  const ports = portsOf()
  const failing = () => Promise.reject(new Error('x'.repeat(5000)))
  await expect(audited(act, ports, failing)).rejects.toThrow('xxx')
  expect(await ports.audit.recent(1)).toMatchObject([{ details: { error: 'x'.repeat(1000) } }])

  let writes = 0
  const put: typeof ports.audit.put = (item) =>
    writes++ === 0 ? ports.audit.put(item) : Promise.reject(new Error('no right'))
  await expect(audited(act, { ...ports, audit: { ...ports.audit, put } }, failing)).rejects.toThrow('xxx')
  expect(writes).toBe(2)
})

test('nothing is done when it can’t be written down', async () => {
  const ports = portsOf()
  const refusing = { ...ports, audit: { ...ports.audit, put: () => Promise.reject(new Error('no right')) } }
  let done = false
  const work = async () => {
    done = true
  }
  await expect(audited(act, refusing, work)).rejects.toThrow('no right')
  expect(done).toBe(false)
})
