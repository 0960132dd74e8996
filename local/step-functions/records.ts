/** What is remembered of machines, executions and map runs, and the ARNs that name them. */
import type { EpochMs } from '../../shared/contracts/primitives.ts'
import type { Json } from './json.ts'

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'

export interface MachineRecord {
  arn: string
  name: string
  /** The JSON text as it was given. */
  definition: string
  roleArn: string
  createdAt: EpochMs
  revisionId: string
  /** `loggingConfiguration` and its like: kept as given, so that a deployment can read them back; no effect here. */
  settings: { [name: string]: Json }
}

export interface ExecutionRecord {
  arn: string
  name: string
  /** Of a Map's child: `<machine ARN>/<label>`. */
  machineArn: string
  roleArn: string
  /** Of the machine's definition that it began with. */
  revisionId: string
  /** Set for a child of a distributed Map, with the place of its item. */
  mapRunArn?: string
  itemIndex?: number
  input: string
  status: ExecutionStatus
  startedAt: EpochMs
  stoppedAt?: EpochMs
  output?: string
  error?: string
  cause?: string
  redriveCount: number
}

export interface MapRunRecord {
  arn: string
  executionArn: string
  machineArn: string
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED'
  startedAt: EpochMs
  stoppedAt?: EpochMs
  /** 0: as many as there are items. */
  maxConcurrency: number
  toleratedFailurePercentage: number
  items: number
}

/** In the service's own shape: `timestamp` in epoch seconds. */
export type HistoryEvent = {
  id: number
  previousEventId: number
  timestamp: number
  type: string
  [details: `${string}Details`]: { [key: string]: Json }
}

export interface Identity {
  accountId: string
  region: string
}

export const machineArn = (at: Identity, name: string) =>
  `arn:aws:states:${at.region}:${at.accountId}:stateMachine:${name}`
export const executionArn = (at: Identity, machineName: string, name: string) =>
  `arn:aws:states:${at.region}:${at.accountId}:execution:${machineName}:${name}`
export const mapRunArn = (at: Identity, machineName: string, label: string, id: string) =>
  `arn:aws:states:${at.region}:${at.accountId}:mapRun:${machineName}/${label}:${id}`
export const machineNameOf = (arn: string): string => arn.split(':').slice(6).join(':')

/** Only the service cuts these; a machine must be ready for a `Cause` that ends in the middle. */
export const cutError = (error: string) => error.slice(0, 256)
export const cutCause = (cause: string) => cause.slice(0, 32_768)
