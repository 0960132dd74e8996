/** Which cadences have a deployed schedule, asked of EventBridge Scheduler. */
import { ListSchedulesCommand, type SchedulerClient } from '@aws-sdk/client-scheduler'
import type { Schedules } from '../ports/schedules.ts'
import { engineError, nameOf } from './errors.ts'

/** `group` is the stack's schedule group, `<service>-<stage>`; a schedule in it has its cadence's name. */
export function createSchedulerSchedules(client: SchedulerClient, group: string): Schedules {
  return {
    async deployed() {
      const names: string[] = []
      let NextToken: string | undefined
      do {
        const page = await client.send(new ListSchedulesCommand({ GroupName: group, NextToken })).catch((error) => {
          if (nameOf(error) === 'ResourceNotFoundException') return undefined
          throw engineError(error, `listing the schedules of group \`${group}\``)
        })
        if (page === undefined) return [] // no group: nothing is deployed
        for (const { Name } of page.Schedules ?? []) if (Name !== undefined) names.push(Name)
        NextToken = page.NextToken
      } while (NextToken !== undefined)
      return names.sort()
    },
  }
}
