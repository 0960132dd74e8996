/** Functions, and event source mappings, which our own pollers carry out. */
import { createHash } from 'node:crypto'
import {
  CreateEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import type { Properties } from '../template.ts'
import { given, type Kind, orNothing } from './kind.ts'

/** `artifacts`: what was uploaded, by key. The code counts as deployed when its checksum is that of the uploaded zip. */
export const lambdaFunction = (client: LambdaClient, artifacts: ReadonlyMap<string, Uint8Array>): Kind => ({
  async read({ FunctionName, Code }) {
    const found = await orNothing(client.send(new GetFunctionConfigurationCommand({ FunctionName })))
    if (found === undefined) return undefined
    const { Handler, Runtime, Timeout, MemorySize, Environment, Architectures, Description, Role, CodeSha256 } = found
    const uploaded = createHash('sha256')
      .update(artifacts.get(Code.S3Key) ?? '')
      .digest('base64')
    return given({
      FunctionName,
      Handler,
      Runtime,
      Timeout,
      MemorySize,
      Environment,
      Architectures,
      Description,
      Role,
      Code: CodeSha256 === uploaded ? Code : {},
    })
  },
  async put({ FunctionName, Code, Architectures, ...configuration }, _found, differing) {
    if (differing.includes('Code') || differing.includes('Architectures'))
      await client.send(new UpdateFunctionCodeCommand({ FunctionName, ...Code, Architectures }))
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, ...configuration }))
  },
})

export const eventSourceMapping = (client: LambdaClient): Kind => ({
  async read({ EventSourceArn, FunctionName }) {
    const found = await mappingOf(client, EventSourceArn, FunctionName)
    if (found === undefined) return undefined
    const { BatchSize, MaximumBatchingWindowInSeconds, FunctionResponseTypes, ScalingConfig, FunctionArn, State } =
      found
    return given({
      EventSourceArn,
      FunctionName: FunctionArn,
      BatchSize,
      MaximumBatchingWindowInSeconds,
      FunctionResponseTypes,
      ScalingConfig,
      Enabled: State === 'Enabled',
    })
  },
  async put({ EventSourceArn, ...properties }: Properties) {
    const { FunctionName } = properties
    const { UUID } = (await mappingOf(client, EventSourceArn, FunctionName)) ?? {}
    if (UUID === undefined)
      await client.send(new CreateEventSourceMappingCommand({ EventSourceArn, FunctionName, ...properties }))
    else await client.send(new UpdateEventSourceMappingCommand({ UUID, ...properties }))
  },
})

async function mappingOf(client: LambdaClient, EventSourceArn: string, functionArn: string) {
  const { EventSourceMappings = [] } = await client.send(new ListEventSourceMappingsCommand({ EventSourceArn }))
  return EventSourceMappings.find(({ FunctionArn }) => FunctionArn === functionArn)
}
