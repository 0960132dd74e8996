import { Command } from 'commander'
import { expect, it } from 'vitest'
import { Output } from '../../../cli/lib/output.ts'
import { reasonOption } from '../../../cli/lib/reason-option.ts'
import { carryOut } from '../../../cli/lib/table-verb.ts'
import { tableItem } from '../../../shared/contracts/ledger.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { holding } from '../../../shared/operate/hold.ts'
import { claimed } from '../../contract/support/items.ts'

class Kept extends Output {
  readonly lines: string[] = []
  value: unknown

  override line(text = ''): void {
    this.lines.push(text)
  }

  override note(): void {}

  override result(value: unknown, human: () => void): void {
    this.value = value
    human()
  }
}

async function world() {
  const ports = { ...createMemoryPorts(), newId: () => '1', who: 'ada@laptop' }
  const item = tableItem.parse(claimed('hr_a', { refresh_status: 'completed', claim_owner: null }))
  await ports.tables.replace(item, undefined)
  return { ports, item, preview: holding(item, 'it is moved'), output: new Kept(false) }
}

it('a dry run shows what would change, changes nothing and leaves no audit item', async () => {
  const { ports, item, preview, output } = await world()
  await carryOut(preview, { dryRun: true, yes: true }, output, ports)
  expect(await ports.tables.get('hr_a')).toEqual(item)
  expect(await ports.audit.recent(9)).toEqual([])
  expect(output.lines.join('\n')).toContain('completed → held: held_by_operator')
  expect(output.lines.at(-1)).toBe('dry run: nothing was changed')
  expect(output.value).toMatchObject({ verb: 'hold', table: 'hr_a', dry_run: true, changed: false })
})

it('said yes to, it is done and kept with its reason', async () => {
  const { ports, preview, output } = await world()
  await carryOut(preview, { yes: true, reason: 'it is moved' }, output, ports)
  expect(await ports.tables.get('hr_a')).toEqual(preview.after)
  expect(await ports.audit.recent(9)).toMatchObject([{ verb: 'hold', reason: 'it is moved', result: 'done' }])
  expect(output.value).toMatchObject({ to: 'held: held_by_operator', dry_run: false, changed: true })
})

it.each([['two\nlines'], [''], ['  '], ['x'.repeat(1025)], ['a\u001b[2Jb']])(
  'the reason %j is no line of text',
  (text) => {
    const command = new Command()
      .addOption(reasonOption())
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
    expect(() => command.parse(['--reason', text], { from: 'user' })).toThrow('Give one line')
  },
)
