/** The cadences' schedules in EventBridge Scheduler: which are deployed, which are paused. */
import {
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  ListSchedulesCommand,
  type SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler'
import { noSchedule, type ScheduleState, type Schedules } from '../ports/schedules.ts'
import { engineError, nameOf } from './errors.ts'

/** `group` is the stack's schedule group, `<service>-<stage>`; a schedule in it has its cadence's name. */
export function createSchedulerSchedules(client: SchedulerClient, group: string): Schedules {
  const states = async (): Promise<Map<string, ScheduleState>> => {
    const found: [string, ScheduleState][] = []
    let NextToken: string | undefined
    do {
      const page = await client.send(new ListSchedulesCommand({ GroupName: group, NextToken })).catch((error) => {
        if (nameOf(error) === 'ResourceNotFoundException') return undefined
        throw engineError(error, `listing the schedules of group \`${group}\``)
      })
      if (page === undefined) return new Map() // no group: nothing is deployed
      for (const { Name, State } of page.Schedules ?? [])
        if (Name !== undefined) found.push([Name, State === 'DISABLED' ? 'paused' : 'enabled'])
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    return new Map(found.sort(([one], [other]) => (one < other ? -1 : 1)))
  }
  return {
    states,
    deployed: async () => [...(await states()).keys()],
    async setEnabled(cadence, enabled) {
      const State = enabled ? 'ENABLED' : 'DISABLED'
      try {
        const found = await client.send(new GetScheduleCommand({ GroupName: group, Name: cadence }))
        if (found.State === State) return
        await client.send(new UpdateScheduleCommand({ ...settingsOf(found), Name: cadence, GroupName: group, State }))
      } catch (error) {
        if (nameOf(error) === 'ResourceNotFoundException') throw noSchedule(cadence, error)
        throw engineError(error, `changing the schedule \`${cadence}\` of group \`${group}\``)
      }
    },
  }
}

/** All that can be set: an update replaces the whole schedule, and what it leaves away falls back to the default. */
const settingsOf = (found: GetScheduleCommandOutput) => ({
  Description: found.Description,
  ScheduleExpression: found.ScheduleExpression,
  ScheduleExpressionTimezone: found.ScheduleExpressionTimezone,
  StartDate: found.StartDate,
  EndDate: found.EndDate,
  FlexibleTimeWindow: found.FlexibleTimeWindow,
  KmsKeyArn: found.KmsKeyArn,
  ActionAfterCompletion: found.ActionAfterCompletion,
  Target: found.Target,
})
