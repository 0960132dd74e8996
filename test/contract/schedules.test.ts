import { CreateScheduleCommand, CreateScheduleGroupCommand } from '@aws-sdk/client-scheduler'
import { afterAll, beforeAll } from 'vitest'
import { createSchedulerSchedules } from '../../shared/aws/scheduler-schedules.ts'
import { createMemorySchedules } from '../../shared/memory/schedules.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { newName } from './support/items.ts'
import { schedulesContract } from './support/schedules-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

schedulesContract('memory', async (cadences) => createMemorySchedules(...cadences))

/** A stack's group with its schedules, and another stack's beside it. */
schedulesContract('EventBridge Scheduler', async (cadences) => {
  const group = newName()
  if (cadences.length > 0) await deploy(group, cadences)
  await deploy(newName(), ['beside'])
  return createSchedulerSchedules(cloud.scheduler, group)
})

async function deploy(group: string, cadences: readonly string[]): Promise<void> {
  await cloud.scheduler.send(new CreateScheduleGroupCommand({ Name: group }))
  for (const Name of cadences) {
    const arn = 'arn:aws:states:us-east-1:000000000000:stateMachine:file-processor'
    await cloud.scheduler.send(
      new CreateScheduleCommand({
        Name,
        GroupName: group,
        ScheduleExpression: 'rate(10 minutes)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: arn, RoleArn: 'arn:aws:iam::000000000000:role/scheduler' },
      }),
    )
  }
}
