/** The Spark job and the databases. The emulator drops job queuing; our facade keeps what is put through its API. */
import {
  CreateJobCommand,
  GetDatabaseCommand,
  GetJobCommand,
  type GlueClient,
  type JobUpdate,
  UpdateDatabaseCommand,
  UpdateJobCommand,
} from '@aws-sdk/client-glue'
import { given, type Kind, orNothing } from './kind.ts'

export const glueJob = (client: GlueClient): Kind => ({
  async read({ Name }) {
    const job = (await orNothing(client.send(new GetJobCommand({ JobName: Name }))))?.Job
    if (job === undefined) return undefined
    // What Glue adds of itself is no property of the template.
    const { CreatedOn, LastModifiedOn, AllocatedCapacity, MaxCapacity, ...properties } = job
    return given(properties)
  },
  async put({ Name, ...job }, found) {
    if (found === undefined)
      await client.send(new CreateJobCommand({ Name, ...job } as { Name: string; Role: string; Command: object }))
    else await client.send(new UpdateJobCommand({ JobName: Name, JobUpdate: job as JobUpdate }))
  },
})

export const glueDatabase = (client: GlueClient): Kind => ({
  async read({ CatalogId, DatabaseInput }) {
    const found = (await orNothing(client.send(new GetDatabaseCommand({ Name: DatabaseInput.Name }))))?.Database
    return (
      found && {
        CatalogId,
        DatabaseInput: given({ Name: found.Name, Description: found.Description, LocationUri: found.LocationUri }),
      }
    )
  },
  put: async ({ DatabaseInput }) =>
    void (await client.send(new UpdateDatabaseCommand({ Name: DatabaseInput.Name, DatabaseInput }))),
})
