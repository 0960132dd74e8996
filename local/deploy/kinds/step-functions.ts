/** The state machine, which our own interpreter runs. */
import {
  CreateStateMachineCommand,
  DescribeStateMachineCommand,
  type LoggingConfiguration,
  type SFNClient,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn'
import { account, region } from '../../toolchain.ts'
import type { Properties } from '../template.ts'
import { given, type Kind, orNothing } from './kind.ts'

const arnOf = (name: string): string => `arn:aws:states:${region}:${account}:stateMachine:${name}`

export const stateMachine = (client: SFNClient): Kind => ({
  async read({ StateMachineName, DefinitionString, DefinitionSubstitutions, LoggingConfiguration }) {
    const found = await orNothing(
      client.send(new DescribeStateMachineCommand({ stateMachineArn: arnOf(StateMachineName) })),
    )
    if (found === undefined) return undefined
    const same = found.definition === filled({ DefinitionString, DefinitionSubstitutions })
    return given({
      StateMachineName: found.name,
      StateMachineType: found.type,
      RoleArn: found.roleArn,
      DefinitionString: same ? DefinitionString : found.definition,
      DefinitionSubstitutions,
      LoggingConfiguration:
        JSON.stringify(found.loggingConfiguration) === JSON.stringify(logging(LoggingConfiguration))
          ? LoggingConfiguration
          : found.loggingConfiguration,
    })
  },
  async put(asked, found) {
    const input = {
      definition: filled(asked),
      roleArn: asked.RoleArn,
      loggingConfiguration: logging(asked.LoggingConfiguration),
    }
    if (found === undefined)
      await client.send(
        new CreateStateMachineCommand({ name: asked.StateMachineName, type: asked.StateMachineType, ...input }),
      )
    else await client.send(new UpdateStateMachineCommand({ stateMachineArn: arnOf(asked.StateMachineName), ...input }))
  },
})

/** The definition with its `${…}` filled in, as CloudFormation does before it creates the machine. */
export const filled = ({ DefinitionString, DefinitionSubstitutions = {} }: Properties): string =>
  Object.entries(DefinitionSubstitutions).reduce(
    (text, [name, value]) => text.replaceAll(`\${${name}}`, String(value)),
    String(DefinitionString),
  )

/** The template's spelling, with the API's first letters. */
const logging = ({ Level, IncludeExecutionData, Destinations }: Properties): LoggingConfiguration => ({
  level: Level,
  includeExecutionData: IncludeExecutionData,
  destinations: Destinations.map((destination: Properties) => ({
    cloudWatchLogsLogGroup: { logGroupArn: destination.CloudWatchLogsLogGroup.LogGroupArn },
  })),
})
