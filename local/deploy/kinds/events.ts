/** EventBridge rules with their targets. */
import {
  DescribeRuleCommand,
  type EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { given, type Kind, orNothing, parsedJson } from './kind.ts'

export const eventsRule = (client: EventBridgeClient): Kind => ({
  async read({ Name }) {
    const rule = await orNothing(client.send(new DescribeRuleCommand({ Name })))
    if (rule === undefined) return undefined
    const { Targets } = await client.send(new ListTargetsByRuleCommand({ Rule: Name }))
    return given({
      Name: rule.Name,
      Description: rule.Description,
      EventPattern: parsedJson(rule.EventPattern),
      State: rule.State,
      Targets,
    })
  },
  async put({ Name, Description, EventPattern, Targets }) {
    await client.send(new PutRuleCommand({ Name, Description, EventPattern: JSON.stringify(EventPattern) }))
    await client.send(new PutTargetsCommand({ Rule: Name, Targets }))
  },
})
