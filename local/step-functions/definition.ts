/** A state machine as the interpreter holds it: checked, linked, every JSONata expression compiled. */
import type { Template } from './template.ts'

export interface Retrier {
  errorEquals: string[]
  intervalSeconds: number
  maxAttempts: number
  backoffRate: number
  maxDelaySeconds: number | undefined
  jitter: 'FULL' | 'NONE'
}

export interface Catcher {
  errorEquals: string[]
  next: string
  assign: Assign | undefined
  output: Template | undefined
}

/** Variables are assigned all at once: no expression sees the new value of another. */
export type Assign = ReadonlyMap<string, Template>

interface Step {
  name: string
  assign: Assign | undefined
  output: Template | undefined
  /** `undefined`: the state ends its machine. */
  next: string | undefined
}

export type TaskResource = 'lambda:invoke' | 'glue:startJobRun.sync'

export interface TaskState extends Step {
  type: 'Task'
  resource: TaskResource
  arguments: Template
  timeoutSeconds: Template | undefined
  retry: Retrier[]
  catch: Catcher[]
}

export interface MapState extends Step {
  type: 'Map'
  label: string
  readerArguments: Template
  itemSelector: Template | undefined
  maxConcurrency: Template | undefined
  toleratedFailurePercentage: number
  processor: Machine
}

export interface PassState extends Step {
  type: 'Pass'
}

export interface WaitState extends Step {
  type: 'Wait'
  seconds: Template
}

export interface ChoiceState {
  type: 'Choice'
  name: string
  rules: { condition: Template; next: string; assign: Assign | undefined }[]
  default: string
}

export interface SucceedState {
  type: 'Succeed'
  name: string
  output: Template | undefined
}

export interface FailState {
  type: 'Fail'
  name: string
  error: Template | undefined
  cause: Template | undefined
}

export type State = TaskState | MapState | PassState | WaitState | ChoiceState | SucceedState | FailState

export interface Machine {
  startAt: string
  states: ReadonlyMap<string, State>
}

/** Every state that may come next; the last state of a machine has none. */
export function successors(state: State): string[] {
  switch (state.type) {
    case 'Succeed':
    case 'Fail':
      return []
    case 'Choice':
      return [...state.rules.map((rule) => rule.next), state.default]
    case 'Task':
      return [...(state.next === undefined ? [] : [state.next]), ...state.catch.map((catcher) => catcher.next)]
    default:
      return state.next === undefined ? [] : [state.next]
  }
}
