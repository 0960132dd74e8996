/** Schedules that a test says are deployed. */
import type { Schedules } from '../ports/schedules.ts'

export const createMemorySchedules = (...cadences: string[]): Schedules => ({ deployed: async () => [...cadences] })
