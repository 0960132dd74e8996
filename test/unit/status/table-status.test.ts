import { describe, expect, it } from 'vitest'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { tableStatuses } from '../../../shared/status/table-status.ts'
import { cadenceConfig, claimed, landed, sha, tableConfigOf } from '../../contract/support/items.ts'

const heldItem = claimed('s_held', {
  refresh_status: 'held',
  claim_owner: null,
  applied_max_sequence: '09',
  last_snapshot: '77',
  last_committed_at_ms: 5000,
  fresh_as_of_s: 4,
  hold_reason: 'full_load_put_again',
  error: { code: 'TG3103', message: 'put again', transient: false, details: null },
})

const waitingFile = (table: string, putAt: number) =>
  landed(table, putAt, { put_at_s: putAt, file_id: `${String(putAt).padStart(12, '0')}-${sha(table)}`, bytes: 100 })

async function ports() {
  const memory = createMemoryPorts()
  await memory.config.putCadence(cadenceConfig('nightly'))
  for (const name of ['s_new', 's_waiting', 's_held']) await memory.config.putTable(tableConfigOf('nightly', name))
  await memory.config.putTable(tableConfigOf('nightly', 's_off', { is_active: 'N' }))
  for (const [name, at] of [
    ['s_waiting', 20],
    ['s_waiting', 10],
    ['s_off', 30],
    ['s_nobody', 40],
  ] as const)
    await memory.files.land(waitingFile(name, at))
  await memory.tables.replace(heldItem, undefined)
  return memory
}

describe('the status of every table', () => {
  it('names configured, running and unregistered tables by name, each with its next action', async () => {
    const rows = await tableStatuses(await ports())
    expect(rows.map((row) => [row.table, row.status, row.waiting_files])).toEqual([
      ['s_held', 'held', 0],
      ['s_new', 'new', 0],
      ['s_nobody', 'unregistered', 1],
      ['s_off', 'inactive', 1],
      ['s_waiting', 'waiting', 2],
    ])
    const next = new Map(rows.map((row) => [row.table, row.next_action]))
    expect(next.get('s_new')).toBe('-')
    expect(next.get('s_nobody')).toContain('config apply')
    expect(next.get('s_off')).toContain('active: true')
    expect(next.get('s_waiting')).toContain('next run')
    expect(next.get('s_held')).toContain('full load')
  })

  it('of a table that was removed says whether a run still has it, or files wait', async () => {
    const memory = await ports()
    const idle = { refresh_status: 'completed', claim_owner: null } as const
    await memory.tables.replace(claimed('s_gone', idle), undefined)
    await memory.tables.replace(claimed('s_nobody', idle), undefined)
    await memory.tables.replace(claimed('s_taken'), undefined)
    const rows = (await tableStatuses(memory)).filter(({ cadence }) => cadence === null)
    expect(rows.map((row) => [row.table, row.status, row.next_action])).toEqual([
      ['s_gone', 'removed', '-'],
      ['s_nobody', 'unregistered', 'configure it, then `tidegate config apply`'],
      ['s_taken', 'updating_table', 'a run is working on it'],
    ])
  })

  it('says how old the oldest waiting file is, and what was applied', async () => {
    const rows = await tableStatuses(await ports())
    const of = (name: string) => rows.find((row) => row.table === name)
    expect(of('s_waiting')).toMatchObject({ oldest_put_ms: 10_000, waiting_bytes: 200, target: 'hr_raw.s_waiting' })
    expect(of('s_held')).toMatchObject({
      reason: 'full_load_put_again',
      applied_max_sequence: '09',
      snapshot: '77',
      last_committed_ms: 5000,
      fresh_as_of_ms: 4000,
      error: { code: 'TG3103', message: 'put again' },
    })
  })
})
