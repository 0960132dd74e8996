/** Schedules that a test says are deployed. */
import { noSchedule, type ScheduleState, type Schedules } from '../ports/schedules.ts'

export function createMemorySchedules(...cadences: string[]): Schedules {
  const states = new Map<string, ScheduleState>(cadences.map((cadence) => [cadence, 'enabled']))
  return {
    deployed: async () => [...states.keys()],
    states: async () => new Map(states),
    async setEnabled(cadence, enabled) {
      if (!states.has(cadence)) throw noSchedule(cadence)
      states.set(cadence, enabled ? 'enabled' : 'paused')
    },
  }
}
