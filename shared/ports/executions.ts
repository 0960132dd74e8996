/** Whether an execution of the state machine, or a child of its Map, still runs. */
export interface Executions {
  /** `unknown` when it cannot be told (no such execution any more, or no right to ask). */
  state(executionArn: string): Promise<'running' | 'ended' | 'unknown'>
}
