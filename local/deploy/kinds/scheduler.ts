/** The schedule group, and schedules, which our own scheduler keeps: the emulator would fire them wrongly. A deploy leaves paused ones paused. */
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  CreateScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler'
import { given, type Kind, orNothing } from './kind.ts'

export const scheduleGroup = (client: SchedulerClient): Kind => ({
  async read({ Name }) {
    const found = await orNothing(client.send(new GetScheduleGroupCommand({ Name })))
    return found && { Name: found.Name }
  },
  put: async ({ Name }) => void (await client.send(new CreateScheduleGroupCommand({ Name }))),
})

export const schedule = (client: SchedulerClient): Kind => ({
  async read({ Name, GroupName, State }) {
    const found = await orNothing(client.send(new GetScheduleCommand({ Name, GroupName })))
    if (found === undefined) return undefined
    const { Description, ScheduleExpression, ScheduleExpressionTimezone, FlexibleTimeWindow, Target } = found
    return given({
      Name,
      GroupName,
      Description,
      ScheduleExpression,
      ScheduleExpressionTimezone,
      FlexibleTimeWindow,
      State, // as asked: CloudFormation doesn't see what `tidegate pause` has changed, and leaves it
      Target,
    })
  },
  async put(asked, found) {
    const input = asked as CreateScheduleCommandInput
    await client.send(found === undefined ? new CreateScheduleCommand(input) : new UpdateScheduleCommand(input))
  },
})
