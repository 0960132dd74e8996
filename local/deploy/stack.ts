/** Creates or updates the stack in the emulator's CloudFormation, and waits for its end. */

import { setTimeout as delay } from 'node:timers/promises'
import {
  type CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  type Stack,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { EngineError, messageOf } from '../../shared/errors.ts'
import type { Template } from './template.ts'

export type StackChange = 'created' | 'updated' | 'unchanged'

/** Throws TG5203 with the failed resources when the stack does not become complete. */
export async function applyStack(
  client: CloudFormationClient,
  name: string,
  template: Template,
  templateUrl: string,
): Promise<StackChange> {
  const found = await describe(client, name)
  const before = found && neverMade.test(found.StackStatus ?? '') ? undefined : found
  if (found && !before) await remove(client, name)
  const request = { StackName: name, TemplateURL: templateUrl, Capabilities: ['CAPABILITY_NAMED_IAM' as const] }
  if (before === undefined) {
    await client.send(new CreateStackCommand(request))
  } else {
    try {
      await client.send(new UpdateStackCommand(request))
    } catch (error) {
      if (messageOf(error).includes('No updates are to be performed')) return 'unchanged'
      throw error
    }
  }
  await untilComplete(client, name, Object.keys(template.Resources).length)
  return before === undefined ? 'created' : 'updated'
}

/** What an end of the local cloud in the middle of its first deployment leaves; CloudFormation refuses to update it. */
const neverMade = /^(CREATE_(IN_PROGRESS|FAILED)|ROLLBACK_\w+|REVIEW_IN_PROGRESS|DELETE_\w+)$/

async function remove(client: CloudFormationClient, name: string): Promise<void> {
  await client.send(new DeleteStackCommand({ StackName: name }))
  const deadline = Date.now() + 60_000
  while ((await describe(client, name)) !== undefined && Date.now() < deadline) await delay(50)
}

async function describe(client: CloudFormationClient, name: string): Promise<Stack | undefined> {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0]
  } catch (error) {
    if (messageOf(error).includes('does not exist')) return undefined
    throw error
  }
}

async function untilComplete(client: CloudFormationClient, name: string, resources: number): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const status = (await describe(client, name))?.StackStatus ?? 'gone'
    if (status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE') return
    if (!status.endsWith('IN_PROGRESS') || Date.now() > deadline)
      throw new EngineError(
        'TG5203',
        `the stack \`${name}\` of ${resources} resources is \`${status}\`:\n${await failures(client, name)}\nRead the emulator's log, then deploy again.`,
      )
    await delay(50)
  }
}

async function failures(client: CloudFormationClient, name: string): Promise<string> {
  const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: name }))
  const failed = StackEvents.filter(({ ResourceStatus }) => ResourceStatus?.endsWith('FAILED'))
  return (
    failed
      .map(({ LogicalResourceId, ResourceStatusReason }) => `  ${LogicalResourceId}: ${ResourceStatusReason}`)
      .join('\n') || '  no resource says why'
  )
}
