/** The cadences' schedules: they are deployed with the state machine, not written by `config apply`; an operator may pause them. */
import { ConfigurationError } from '../errors.ts'

export interface Schedules {
  /** Names of the cadences whose schedule is deployed. */
  deployed(): Promise<string[]>
  /** Each deployed cadence, and whether its schedule fires. */
  states(): Promise<Map<string, ScheduleState>>
  /** Lets a cadence's schedule fire, or not; nothing else of it changes. Throws ConfigurationError TG1510 if none is deployed. */
  setEnabled(cadence: string, enabled: boolean): Promise<void>
}

export type ScheduleState = 'enabled' | 'paused'

/** What both adapters say of a cadence that has none. */
export const noSchedule = (cadence: string, cause?: unknown): ConfigurationError =>
  new ConfigurationError(
    'TG1510',
    `no schedule is deployed for cadence \`${cadence}\`. Correct the name, or deploy with a configuration that has it.`,
    { cause },
  )
