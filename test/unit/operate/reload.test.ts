/** [generations] `reload`: what an operator asks for, says, is refused, and what comes of it. */
import { describe, expect, test } from 'vitest'
import type { TableConfig } from '../../../shared/contracts/config.ts'
import { createMemoryAuditLog } from '../../../shared/memory/audit-log.ts'
import { askingForReload, completingReload } from '../../../shared/operate/reload.ts'
import { doVerb } from '../../../shared/operate/table-verb.ts'
import { aTable, nameOf, QUIET_MS, TABLE } from '../claims/reload-world.ts'
import { CADENCE, item } from '../claims/world.ts'

async function loaded(reload?: TableConfig['reload']) {
  const table = await aTable('snapshot', reload)
  await table.put('LOAD1.parquet', [{ id: 1, v: 1 }])
  await table.tick()
  const audit = createMemoryAuditLog()
  const ports = { ...table.world, audit, newId: () => 'x', who: 'ada@laptop' }
  const config = (await table.world.config.table(CADENCE, TABLE)) as TableConfig
  return {
    ...table,
    audit,
    ports,
    asking: async () => askingForReload(await item(table.world), config, ports),
    completing: async () => completingReload(await item(table.world), config, ports),
  }
}

describe('asked for', () => {
  test('a reload begins with the next full-load file, whatever its key; asked twice it is refused', async () => {
    const table = await loaded()
    const preview = await table.asking()
    expect(preview.effects.join()).toContain('when no more of them came for 10 minutes')
    await doVerb(preview, 'new columns', table.ports)
    expect(await table.audit.recent(9)).toMatchObject([
      { verb: 'reload', target: TABLE, reason: 'new columns', result: 'done' },
    ])
    await expect(table.asking()).rejects.toThrow(/TG3360.*asked for at 2023-11-18/)
    table.world.clock.advance(1000)
    await table.put('LOAD7.parquet', [{ id: 7, v: 7 }])
    table.world.clock.advance(QUIET_MS)
    expect((await table.tick())?.generation).toMatchObject({ id: 2, replaces: true })
    expect(table.rows()).toEqual([{ id: 7, v: 7 }])
    expect((await table.asking()).verb).toBe('reload')
  })

  test('what is staged already is not asked for, nor if it came since the preview', async () => {
    const table = await loaded({ complete_when: 'operator' })
    const preview = await table.asking()
    expect(preview.effects.join()).toContain('when `tidegate reload shop_orders --complete` says so')
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    await expect(doVerb(preview, null, table.ports)).rejects.toThrow('TG3302')
    expect((await item(table.world)).reload).toBeNull()
    await expect(table.asking()).rejects.toThrow(/TG3360.*staged since .*, with 1 full-load files/)
  })
})

describe('said to be whole', () => {
  test('it is put in place by the next run, with what lands until then', async () => {
    const table = await loaded({ complete_when: 'operator' })
    await expect(table.completing()).rejects.toThrow(/TG3361.*no reload is staged/)
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    const preview = await table.completing()
    expect(preview.effects.join()).toContain('its 1 full-load files')
    await doVerb(preview, null, table.ports)
    await expect(table.completing()).rejects.toThrow(/TG3361.*known to be whole/)
    await table.put('LOAD2.parquet', [{ id: 2, v: 20 }])
    expect((await table.tick())?.files.map(nameOf)).toEqual(['LOAD1.parquet', 'LOAD2.parquet'])
  })

  test('not if a file came since the preview, and not without a file that is in quarantine', async () => {
    const table = await loaded({ complete_when: 'operator' })
    await table.put('LOAD1.parquet', [{ id: 1, v: 10 }])
    const preview = await table.completing()
    const load = await table.put('LOAD2.csv', [])
    await expect(doVerb(preview, null, table.ports)).rejects.toThrow('TG3302')
    await table.aside(load)
    await expect(table.completing()).rejects.toThrow(/TG3361.*LOAD2\.csv` is in quarantine/)
    expect(await table.tick()).toBeUndefined()
  })
})
