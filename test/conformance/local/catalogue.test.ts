/** The Glue catalogue refuses a change of a table that somebody else changed meanwhile: an Iceberg commit rests on that. */
import { CreateDatabaseCommand, CreateTableCommand, GetTableCommand, UpdateTableCommand } from '@aws-sdk/client-glue'
import { expect, test } from 'vitest'
import { sharedCloud } from './harness.ts'

const cloud = sharedCloud()
const DatabaseName = 'lake'

test('of 16 changes from one version of a table one wins, and the losers are refused by name', async () => {
  const { glue } = cloud
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DatabaseName } }))
  const pointing = (to: string) => ({ Name: 'orders', Parameters: { metadata_location: to } })
  await glue.send(new CreateTableCommand({ DatabaseName, TableInput: pointing('v0') }))
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name: 'orders' }))
  const VersionId = Table?.VersionId
  expect(VersionId).toMatch(/^\d+$/)

  const commits = Array.from({ length: 16 }, (_, index) =>
    glue.send(
      new UpdateTableCommand({ DatabaseName, TableInput: pointing(`c${index}`), VersionId, SkipArchive: true }),
    ),
  )
  const ended = await Promise.allSettled(commits)
  const winners = ended.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
  expect(winners).toHaveLength(1)
  const refusals = new Set(ended.flatMap((end) => (end.status === 'rejected' ? [end.reason.name] : [])))
  expect([...refusals]).toEqual(['ConcurrentModificationException'])
  const after = await glue.send(new GetTableCommand({ DatabaseName, Name: 'orders' }))
  expect(after.Table?.Parameters?.metadata_location).toBe(`c${winners[0]}`)
})
