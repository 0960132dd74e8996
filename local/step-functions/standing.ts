/** Where an execution stood when the local cloud ended: read back from its own history, so nothing else has to be kept. */
import { StateError } from './errors.ts'
import type { Json } from './json.ts'
import type { ExecutionRecord, HistoryEvent } from './records.ts'
import type { Interrupted, Variables, Visit } from './visit.ts'

/** The state that was entered last, as a visit to go on with; `undefined` when no state was entered yet. */
export function standingOf(execution: ExecutionRecord, events: readonly HistoryEvent[]): Visit | undefined {
  const at = events.findLastIndex(({ type }) => type.endsWith('StateEntered'))
  const entered = events[at]
  if (entered === undefined) return undefined
  const { name, input } = entered.stateEnteredEventDetails ?? {}
  return {
    input: parsed(input ?? execution.input),
    variables: variablesOf(events.slice(0, at)),
    stateName: String(name),
    enteredAt: entered.timestamp * 1000,
    retryCount: 0,
    resumed: interruptedIn(events.slice(at + 1)),
  }
}

function variablesOf(events: readonly HistoryEvent[]): Variables {
  const variables: Variables = {}
  for (const { stateExitedEventDetails } of events)
    for (const [name, text] of Object.entries(stateExitedEventDetails?.assignedVariables ?? {}))
      variables[name] = parsed(text)
  return variables
}

/** What the state was at. A crash between two entries leaves it entered: doing its last step again is harmless. */
function interruptedIn(events: readonly HistoryEvent[]): Interrupted {
  const mapRun = events.find(({ type }) => type === 'MapRunStarted')
  if (mapRun) return { at: 'mapRun', arn: String(mapRun.mapRunStartedEventDetails?.mapRunArn) }
  const attempt = events.slice(events.findLastIndex(({ type }) => type === 'TaskScheduled'))
  const of = (type: string): HistoryEvent | undefined => attempt.find((event) => event.type === type)
  const succeeded = of('TaskSucceeded')
  if (succeeded) return { at: 'result', result: parsed(succeeded.taskSucceededEventDetails?.output) }
  const failed = of('TaskFailed')?.taskFailedEventDetails ?? of('TaskTimedOut')?.taskTimedOutEventDetails
  if (failed) return { at: 'error', error: new StateError(String(failed.error), String(failed.cause)) }
  const submitted = of('TaskSubmitted')
  if (submitted) return { at: 'jobRun', id: jobRunIdOf(parsed(submitted.taskSubmittedEventDetails?.output)) }
  // A job that was not submitted is started: had it been, its process has ended with the local cloud.
  const called = of('TaskScheduled')?.taskScheduledEventDetails
  return called?.resourceType === 'lambda' ? { at: 'call' } : { at: 'beginning' }
}

const jobRunIdOf = (submitted: Json): string => String((submitted as { JobRunId?: Json }).JobRunId)

const parsed = (text: Json | undefined): Json => JSON.parse(String(text)) as Json
