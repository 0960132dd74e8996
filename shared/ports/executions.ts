/** What is known of an execution of the state machine, or of a child of its Map. */
export interface Executions {
  /** Whether it still runs; `unknown` when it cannot be told (no such execution any more, or no right to ask). */
  state(executionArn: string): Promise<'running' | 'ended' | 'unknown'>
  /**
   * Whether its history shows that it started no job up to its `endings`-th end (it has one more with every redrive). `never`:
   * the history reaches that far, and nothing in it tried to start one, or each try was surely refused. Else `maybe`.
   */
  jobStart(executionArn: string, endings: number): Promise<'never' | 'maybe'>
}
