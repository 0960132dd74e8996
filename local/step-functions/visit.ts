/** What a state knows of the execution it runs in, and how its expressions see that. */
import type { Assign, MapState } from './definition.ts'
import { type StateError, withinLimit } from './errors.ts'
import type { History } from './history.ts'
import type { Scope } from './jsonata.ts'
import type { Json, StepFunctionsPorts } from './ports.ts'
import type { ExecutionRecord } from './records.ts'
import { render, type Template } from './template.ts'

export type Variables = { [name: string]: Json }

export interface Run {
  execution: ExecutionRecord
  history: History
  ports: StepFunctionsPorts
  region: string
  pollMs: number
  /** Aborted with `ExecutionStopped` or `CloudClosing`; whatever waits must wait on it too. */
  signal: AbortSignal
  /** `known` is the ARN of a map run to go on with. */
  openMapRun(state: MapState, items: number, maxConcurrency: number, known?: string): MapRun
}

/** A Map at work. */
export interface MapRun {
  arn: string
  /** Runs one item to its end, whatever that is; never throws. An item that has a child already goes on with it. */
  child(index: number, input: Json, signal: AbortSignal): Promise<ExecutionRecord>
  close(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED'): void
}

/** One stay in one state. */
export interface Visit {
  input: Json
  variables: Variables
  stateName: string
  enteredAt: number
  retryCount: number
  /** Set when the local cloud ended during this stay: the state goes on from here. */
  resumed?: Interrupted | undefined
}

/** What a state was at when the local cloud ended. */
export type Interrupted =
  | { at: 'beginning' }
  /** A function was called, and nobody knows what became of it. */
  | { at: 'call' }
  | { at: 'jobRun'; id: string }
  | { at: 'mapRun'; arn: string }
  | { at: 'result'; result: Json }
  | { at: 'error'; error: StateError }

export interface Transition {
  next: string | undefined
  output: Json
  assigned: Variables
}

/** What expressions see; `extra` is `result` or `errorOutput` where the definition allows it. */
export function scopeOf(
  run: Run,
  visit: Visit,
  extra: { result?: Json; errorOutput?: Json; mapItem?: Json } = {},
): Scope {
  const { mapItem, ...states } = extra
  const context = {
    Execution: {
      Id: run.execution.arn,
      Input: JSON.parse(run.execution.input),
      Name: run.execution.name,
      RoleArn: run.execution.roleArn,
      StartTime: new Date(run.execution.startedAt).toISOString(),
      RedriveCount: run.execution.redriveCount,
    },
    State: {
      EnteredTime: new Date(visit.enteredAt).toISOString(),
      Name: visit.stateName,
      RetryCount: visit.retryCount,
    },
    StateMachine: { Id: run.execution.machineArn, Name: run.execution.machineArn.split(':').at(-1) },
    ...(mapItem !== undefined && { Map: { Item: mapItem } }),
  }
  return { states: { input: visit.input, context, ...states }, variables: visit.variables, chance: run.ports }
}

export async function assignAll(assign: Assign | undefined, scope: Scope): Promise<Variables> {
  const variables: Variables = {}
  for (const [name, template] of assign ?? []) {
    variables[name] = await render(template, scope)
    withinLimit(variables[name], `variable \`$${name}\``)
  }
  return variables
}

export const outputOr = (output: Template | undefined, otherwise: Json, scope: Scope): Promise<Json> | Json =>
  output ? render(output, scope) : otherwise
