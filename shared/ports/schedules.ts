/** Which cadences have a schedule: it is deployed with the state machine, not written by `config apply`. */
export interface Schedules {
  /** Names of the cadences whose schedule is deployed. */
  deployed(): Promise<string[]>
}
