/** Loads one state of each type that the shipped machine uses. */
import type { Assign, Catcher, ChoiceState, Machine, MapState, Retrier, State, TaskState } from './definition.ts'
import { DefinitionRefused } from './errors.ts'
import { Fields } from './fields.ts'
import type { Place, StatesField } from './jsonata.ts'
import type { Json } from './ports.ts'
import { compileTemplate, type Template } from './template.ts'

const RESOURCES = new Map<string, TaskState['resource']>([
  ['arn:aws:states:::lambda:invoke', 'lambda:invoke'],
  ['arn:aws:states:::glue:startJobRun.sync', 'glue:startJobRun.sync'],
])
/** What a call may be given: the first must be. Others would be dropped in silence here, but not by AWS. */
const ARGUMENTS: Record<TaskState['resource'], [string, ...string[]]> = {
  'lambda:invoke': ['FunctionName', 'Payload'],
  'glue:startJobRun.sync': ['JobName', 'Arguments', 'WorkerType', 'NumberOfWorkers'],
}
const ITEM_READER = 'arn:aws:states:::s3:getObject'
const VARIABLE = /^[A-Za-z_]\w{0,79}$/
/** Longest wait or time-out that Step Functions takes. */
const MAX_SECONDS = 99_999_999

/** Compiles fields of one state: where they stand decides which part of `$states` they may use. */
class Reader {
  readonly fields: Fields
  readonly #variables: ReadonlySet<string>

  constructor(fields: Fields, variables: ReadonlySet<string>) {
    this.fields = fields
    this.#variables = variables
  }

  nested(value: Json, path: string, allowed: readonly string[]): Reader {
    return new Reader(new Fields(value, path, allowed), this.#variables)
  }

  template(name: string, ...extra: StatesField[]): Template {
    return compileTemplate(this.fields.required(name), this.#place(name, extra))
  }

  maybe(name: string, ...extra: StatesField[]): Template | undefined {
    return this.fields.has(name) ? this.template(name, ...extra) : undefined
  }

  assign(...extra: StatesField[]): Assign | undefined {
    if (!this.fields.has('Assign')) return undefined
    const place = this.#place('Assign', extra)
    return new Map(
      this.fields.entries('Assign').map(([name, value]) => {
        if (!VARIABLE.test(name) || name === 'states')
          throw new DefinitionRefused(place.path, `\`${name}\` cannot be the name of a variable.`)
        return [name, compileTemplate(value, { ...place, path: `${place.path}.${name}` })]
      }),
    )
  }

  /** `Next`, or `undefined` for `"End": true`; exactly one of them must be there. */
  next(): string | undefined {
    const ends = this.fields.has('End')
    if (ends === this.fields.has('Next'))
      throw this.fields.refuse('Next', 'exactly one of `Next` and `End` must be set')
    if (ends && this.fields.optional('End') !== true) throw this.fields.refuse('End', 'must be `true`')
    return ends ? undefined : this.fields.text('Next')
  }

  #place(name: string, extra: StatesField[]): Place {
    return { path: this.fields.at(name), states: new Set(['input', 'context', ...extra]), variables: this.#variables }
  }
}

const FIELDS: Record<State['type'], string[]> = {
  Task: ['Resource', 'Arguments', 'TimeoutSeconds', 'Retry', 'Catch', 'Assign', 'Output', 'Next', 'End'],
  Map: [
    ...['Label', 'ItemReader', 'ItemSelector', 'MaxConcurrency', 'ToleratedFailurePercentage', 'ItemProcessor'],
    ...['Assign', 'Output', 'Next', 'End'],
  ],
  Pass: ['Assign', 'Output', 'Next', 'End'],
  Wait: ['Seconds', 'Assign', 'Output', 'Next', 'End'],
  Choice: ['Choices', 'Default'],
  Succeed: ['Output'],
  Fail: ['Error', 'Cause'],
}

export type LoadMachine = (fields: Fields) => Machine

/** Throws `DefinitionRefused`. `variables`: every name that a state beside this one assigns. */
export function loadState(name: string, raw: Json, variables: ReadonlySet<string>, loadMachine: LoadMachine): State {
  const path = `States.${name}`
  const type = typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? raw.Type : undefined
  if (typeof type !== 'string' || !Object.hasOwn(FIELDS, type))
    throw new DefinitionRefused(
      `${path}.Type`,
      `this interpreter does not implement the state type \`${String(type)}\`.`,
    )
  const known = type as State['type']
  const read = new Reader(new Fields(raw, path, ['Type', ...FIELDS[known]]), variables)
  switch (known) {
    case 'Task':
      return loadTask(name, read)
    case 'Map':
      return loadMap(name, read, loadMachine)
    case 'Choice':
      return loadChoice(name, read)
    case 'Pass':
      return { type: known, name, assign: read.assign(), output: read.maybe('Output'), next: read.next() }
    case 'Wait': {
      const seconds = read.template('Seconds')
      checkSeconds(seconds, 0)
      return { type: known, name, seconds, assign: read.assign(), output: read.maybe('Output'), next: read.next() }
    }
    case 'Succeed':
      return { type: known, name, output: read.maybe('Output') }
    case 'Fail':
      return { type: known, name, error: read.maybe('Error'), cause: read.maybe('Cause') }
  }
}

function loadTask(name: string, read: Reader): TaskState {
  const resource = RESOURCES.get(read.fields.text('Resource'))
  if (!resource) throw read.fields.refuse('Resource', `must be one of ${[...RESOURCES.keys()].join(', ')}`)
  new Fields(read.fields.required('Arguments'), read.fields.at('Arguments'), ARGUMENTS[resource]).required(
    ARGUMENTS[resource][0],
  )
  const timeoutSeconds = read.maybe('TimeoutSeconds')
  if (timeoutSeconds) checkSeconds(timeoutSeconds, 1)
  return {
    type: 'Task',
    name,
    resource,
    arguments: read.template('Arguments'),
    timeoutSeconds,
    retry: read.fields.has('Retry') ? read.fields.list('Retry').map((raw, index) => loadRetrier(read, raw, index)) : [],
    catch: read.fields.has('Catch') ? read.fields.list('Catch').map((raw, index) => loadCatcher(read, raw, index)) : [],
    assign: read.assign('result'),
    output: read.maybe('Output', 'result'),
    next: read.next(),
  }
}

function checkSeconds(seconds: Template, least: number): void {
  if (seconds.kind === 'expression') return
  const value = seconds.kind === 'constant' ? seconds.value : undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= MAX_SECONDS) return
  throw new DefinitionRefused(seconds.path, `must be a whole number from ${least} to ${MAX_SECONDS}.`)
}

function loadRetrier(task: Reader, raw: Json, index: number): Retrier {
  const { fields } = task.nested(raw, `${task.fields.at('Retry')}[${index}]`, [
    ...['ErrorEquals', 'IntervalSeconds', 'MaxAttempts', 'BackoffRate', 'MaxDelaySeconds', 'JitterStrategy'],
  ])
  const jitter = fields.has('JitterStrategy') ? fields.text('JitterStrategy') : 'NONE'
  if (jitter !== 'FULL' && jitter !== 'NONE') throw fields.refuse('JitterStrategy', 'must be `FULL` or `NONE`')
  const intervalSeconds = fields.number('IntervalSeconds', 1, 1, MAX_SECONDS)
  return {
    errorEquals: errorNames(fields, index === task.fields.list('Retry').length - 1),
    intervalSeconds,
    maxAttempts: fields.number('MaxAttempts', 3, 0, MAX_SECONDS),
    backoffRate: fields.number('BackoffRate', 2, 1, Number.MAX_VALUE),
    maxDelaySeconds: fields.has('MaxDelaySeconds')
      ? fields.number('MaxDelaySeconds', 0, intervalSeconds + 1, 31_622_399)
      : undefined,
    jitter,
  }
}

function loadCatcher(task: Reader, raw: Json, index: number): Catcher {
  const read = task.nested(raw, `${task.fields.at('Catch')}[${index}]`, ['ErrorEquals', 'Assign', 'Output', 'Next'])
  return {
    errorEquals: errorNames(read.fields, index === task.fields.list('Catch').length - 1),
    next: read.fields.text('Next'),
    assign: read.assign('errorOutput'),
    output: read.maybe('Output', 'errorOutput'),
  }
}

/** `States.ALL` stands alone, and in the last entry of its list (States Language, "Errors"). */
function errorNames(fields: Fields, last: boolean): string[] {
  const names = fields.list('ErrorEquals')
  if (names.includes('States.ALL') && !(last && names.length === 1))
    throw fields.refuse('ErrorEquals', '`States.ALL` must stand alone and last')
  return names.map((name) => {
    if (typeof name !== 'string') throw fields.refuse('ErrorEquals', 'must be a list of error names')
    return name
  })
}

function loadChoice(name: string, read: Reader): ChoiceState {
  const rules = read.fields.list('Choices').map((raw, index) => {
    const rule = read.nested(raw, `${read.fields.at('Choices')}[${index}]`, ['Condition', 'Assign', 'Next'])
    return { condition: rule.template('Condition'), assign: rule.assign(), next: rule.fields.text('Next') }
  })
  return { type: 'Choice', name, rules, default: read.fields.text('Default') }
}

function loadMap(name: string, read: Reader, loadMachine: LoadMachine): MapState {
  const reader = read.nested(read.fields.required('ItemReader'), read.fields.at('ItemReader'), [
    ...['Resource', 'ReaderConfig', 'Arguments'],
  ])
  reader.fields.constant('Resource', ITEM_READER)
  const config = new Fields(reader.fields.required('ReaderConfig'), reader.fields.at('ReaderConfig'), ['InputType'])
  config.constant('InputType', 'JSON')
  const label = read.fields.text('Label')
  if (!/^[A-Za-z0-9_-]{1,40}$/.test(label)) throw read.fields.refuse('Label', 'must have 1 to 40 of A-Z a-z 0-9 _ -')
  return {
    type: 'Map',
    name,
    label,
    readerArguments: reader.template('Arguments'),
    itemSelector: read.maybe('ItemSelector'),
    maxConcurrency: read.maybe('MaxConcurrency'),
    toleratedFailurePercentage: read.fields.number('ToleratedFailurePercentage', 0, 0, 100),
    processor: loadProcessor(read, loadMachine),
    assign: read.assign(),
    // What AWS puts into the result for a tolerated failure is not documented: the definition has to replace the result.
    output: read.template('Output'),
    next: read.next(),
  }
}

function loadProcessor(read: Reader, loadMachine: LoadMachine): Machine {
  const fields = new Fields(read.fields.required('ItemProcessor'), read.fields.at('ItemProcessor'), [
    ...['ProcessorConfig', 'StartAt', 'States'],
  ])
  const config = new Fields(fields.required('ProcessorConfig'), fields.at('ProcessorConfig'), ['Mode', 'ExecutionType'])
  config.constant('Mode', 'DISTRIBUTED')
  config.constant('ExecutionType', 'STANDARD')
  return loadMachine(fields)
}
