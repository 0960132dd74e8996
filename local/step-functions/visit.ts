/** What a state knows of the execution it runs in, and how its expressions see that. */
import type { Assign, MapState } from './definition.ts'
import { withinLimit } from './errors.ts'
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
  openMapRun(state: MapState, items: number, maxConcurrency: number): MapRun
}

/** A Map at work. */
export interface MapRun {
  arn: string
  /** Runs one item to its end, whatever that is; never throws. */
  child(input: Json, signal: AbortSignal): Promise<ExecutionRecord>
  close(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED'): void
}

/** One stay in one state. */
export interface Visit {
  input: Json
  variables: Variables
  stateName: string
  enteredAt: number
  retryCount: number
}

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
