/** Reading back: a dropped property is put once, and one that does not stay is a failure that names it. */
import { expect, test } from 'vitest'
import type { Kind } from '../../../local/deploy/kinds/kind.ts'
import type { Properties, Resource } from '../../../local/deploy/template.ts'
import { differences, settle } from '../../../local/deploy/verify.ts'

const resource = (Properties: Properties, DependsOn: string[] = []): Resource => ({
  Type: 'Test::Thing',
  Properties,
  DependsOn,
})

/** A service that holds one thing, and forgets the properties named. */
function service(found: Properties | undefined, forgets: readonly string[] = []): { kind: Kind; puts: string[][] } {
  const puts: string[][] = []
  let held = found
  const kind: Kind = {
    read: async () => held,
    put: async (asked, _found, differing) => {
      puts.push([...differing])
      held = Object.fromEntries(Object.entries({ ...held, ...asked }).filter(([name]) => !forgets.includes(name)))
    },
  }
  return { kind, puts }
}

test('a dropped property is put by its top-level name, and told with its path', async () => {
  const { kind, puts } = service({ Name: 'a', Backup: { On: false } })
  const repairs = await settle({ A: resource({ Name: 'a', Backup: { On: true } }) }, { 'Test::Thing': kind })
  expect(puts).toEqual([['Backup']])
  expect([...repairs]).toEqual([['A', ['Backup.On']]])
})

test('a resource that did not exist is created, which is no repair', async () => {
  const { kind, puts } = service(undefined)
  expect((await settle({ A: resource({ Name: 'a' }) }, { 'Test::Thing': kind })).size).toBe(0)
  expect(puts).toHaveLength(1)
})

test('a property that is dropped again fails the deployment by its name', async () => {
  const { kind } = service({ Name: 'a' }, ['Ttl'])
  await expect(settle({ A: resource({ Name: 'a', Ttl: 7 }) }, { 'Test::Thing': kind })).rejects.toThrow(
    /TG5204.*A \(Test::Thing\): `Ttl`/s,
  )
})

test('a type that nobody reads back fails the deployment', async () => {
  await expect(settle({ A: resource({}) }, {})).rejects.toThrow(/TG5204.*`Test::Thing`/s)
})

test('a circle of dependencies is named, and not waited for', async () => {
  const circle = { A: resource({}, ['B']), B: resource({}, ['A']) }
  await expect(settle(circle, { 'Test::Thing': service({}).kind })).rejects.toThrow(/TG5205.*`A`, `B`/)
})

test('what is found beyond what was asked for does not matter; a missing list item does', () => {
  expect(differences({ a: 1 }, { a: 1, b: 2 })).toEqual([])
  expect(differences({ a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }] })).toEqual(['a'])
  expect(differences({ a: [{ b: 1 }] }, { a: [{ b: '1' }] })).toEqual(['a[0].b'])
})
