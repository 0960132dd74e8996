/** What EventBridge Scheduler accepts as a schedule: checked here, since the emulator takes anything and fires it wrongly. */
import { messageOf } from '../../shared/errors.ts'
import { fieldsOf, ServiceError } from '../protocol.ts'
import { parseCron } from './cron.ts'

/** A checked schedule, in the words of the API. */
export interface Schedule {
  Name: string
  GroupName: string
  State: 'ENABLED' | 'DISABLED'
  Description?: string
  ScheduleExpression: string
  /** IANA name; the expression is read in it. */
  ScheduleExpressionTimezone: string
  FlexibleTimeWindow: { Mode: 'OFF' } | { Mode: 'FLEXIBLE'; MaximumWindowInMinutes: number }
  Target: {
    Arn: string
    RoleArn: string
    Input?: string
    RetryPolicy: { MaximumRetryAttempts: number; MaximumEventAgeInSeconds: number }
    DeadLetterConfig?: { Arn: string }
  }
}

const known = {
  schedule: [
    'Name',
    'GroupName',
    'State',
    'Description',
    'ScheduleExpression',
    'ScheduleExpressionTimezone',
    'FlexibleTimeWindow',
    'Target',
    'ClientToken',
  ],
  target: ['Arn', 'RoleArn', 'Input', 'RetryPolicy', 'DeadLetterConfig'],
}

/** Checks the input of `CreateSchedule` and `UpdateSchedule`, or a template's properties. Throws ValidationException. */
export function checkSchedule(input: unknown): Schedule {
  const fields = fieldsOf(input)
  refuseUnknown(fields, known.schedule, '')
  const name = matching('Name', fields.Name, /^[\w.-]{1,64}$/)
  const state = fields.State ?? 'ENABLED'
  if (state !== 'ENABLED' && state !== 'DISABLED') throw invalid('State', state, 'give `ENABLED` or `DISABLED`')
  return {
    Name: name,
    GroupName: matching('GroupName', fields.GroupName ?? 'default', /^[\w.-]{1,64}$/),
    State: state,
    ...(typeof fields.Description === 'string' ? { Description: fields.Description } : {}),
    ScheduleExpression: expression(fields.ScheduleExpression),
    ScheduleExpressionTimezone: timeZone(fields.ScheduleExpressionTimezone ?? 'UTC'),
    FlexibleTimeWindow: flexibleWindow(fields.FlexibleTimeWindow),
    Target: target(fields.Target),
  }
}

/** `rate(…)`, `cron(…)` of six fields, or `at(…)`. */
function expression(value: unknown): string {
  const text = matching('ScheduleExpression', value, /^(rate|cron|at)\(.+\)$/)
  const rate = /^rate\((\d+) (minutes?|hours?|days?)\)$/.exec(text)
  if (text.startsWith('rate') && (rate === null || Number(rate[1]) < 1))
    throw invalid('ScheduleExpression', value, 'give `rate(10 minutes)`')
  if (text.startsWith('cron')) checkCron(text)
  if (text.startsWith('at') && !/^at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)$/.test(text))
    throw invalid('ScheduleExpression', value, 'give `at(2030-01-31T03:00:00)`')
  if (text.startsWith('at') && Number.isNaN(Date.parse(`${text.slice(3, -1)}Z`)))
    throw invalid('ScheduleExpression', value, 'there is no such time')
  return text
}

/** What would not fire here as AWS fires it is refused here. */
function checkCron(text: string): void {
  try {
    parseCron(text.slice(5, -1))
  } catch (error) {
    throw invalid('ScheduleExpression', text, messageOf(error))
  }
}

function timeZone(value: unknown): string {
  const name = matching('ScheduleExpressionTimezone', value, /^.{1,50}$/)
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return name
  } catch {
    throw invalid('ScheduleExpressionTimezone', value, 'give an IANA name such as `Europe/Berlin`')
  }
}

function flexibleWindow(value: unknown): Schedule['FlexibleTimeWindow'] {
  const { Mode, MaximumWindowInMinutes } = fieldsOf(value)
  if (Mode === 'OFF' && MaximumWindowInMinutes === undefined) return { Mode }
  if (Mode === 'FLEXIBLE')
    return {
      Mode,
      MaximumWindowInMinutes: whole('FlexibleTimeWindow.MaximumWindowInMinutes', MaximumWindowInMinutes, 1, 1440),
    }
  throw invalid('FlexibleTimeWindow', value, 'give `{"Mode": "OFF"}`, or `FLEXIBLE` with `MaximumWindowInMinutes`')
}

function target(value: unknown): Schedule['Target'] {
  const fields = fieldsOf(value)
  refuseUnknown(fields, known.target, 'Target.')
  const retry = fieldsOf(fields.RetryPolicy)
  return {
    // Starting an execution, or a function, is what the local cloud can do; anything else would never work.
    Arn: matching(
      'Target.Arn',
      fields.Arn,
      /^arn:aws:(scheduler:::aws-sdk:sfn:startExecution|states:.+:stateMachine:.+|lambda:.+:function:.+)$/,
    ),
    RoleArn: matching('Target.RoleArn', fields.RoleArn, /^arn:aws:iam::\d{12}:role\/.+/),
    ...(fields.Input === undefined ? {} : { Input: targetInput(fields.Input) }),
    RetryPolicy: {
      MaximumRetryAttempts: whole('Target.RetryPolicy.MaximumRetryAttempts', retry.MaximumRetryAttempts ?? 185, 0, 185),
      MaximumEventAgeInSeconds: whole(
        'Target.RetryPolicy.MaximumEventAgeInSeconds',
        retry.MaximumEventAgeInSeconds ?? 86_400,
        60,
        86_400,
      ),
    },
    ...(fields.DeadLetterConfig === undefined
      ? {}
      : {
          DeadLetterConfig: {
            Arn: matching(
              'Target.DeadLetterConfig.Arn',
              fieldsOf(fields.DeadLetterConfig).Arn,
              /^arn:aws:sqs:[^:]+:\d{12}:.+/,
            ),
          },
        }),
  }
}

/** The time that a schedule puts in has colons, which the name of an execution must not have. */
function targetInput(value: unknown): string {
  const text = matching('Target.Input', value, /[\s\S]+/)
  let name: unknown
  try {
    name = fieldsOf(JSON.parse(text)).Name
  } catch {
    throw invalid('Target.Input', value, 'give JSON')
  }
  if (typeof name === 'string' && name.includes('<aws.scheduler.scheduled-time>'))
    throw invalid('Target.Input', value, 'name the execution by `<aws.scheduler.execution-id>`')
  return text
}

function refuseUnknown(fields: Record<string, unknown>, names: string[], path: string): void {
  const stranger = Object.keys(fields).find(
    (name) => !names.includes(name) && fields[name] !== undefined && fields[name] !== null,
  )
  if (stranger !== undefined)
    throw invalid(`${path}${stranger}`, fields[stranger], 'the local cloud does not have it; leave it away')
}

function matching(name: string, value: unknown, pattern: RegExp): string {
  if (typeof value === 'string' && pattern.test(value)) return value
  throw invalid(name, value, `it must match \`${pattern.source}\``)
}

function whole(name: string, value: unknown, low: number, high: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value
  throw invalid(name, value, `give a whole number from ${low} to ${high}`)
}

const invalid = (name: string, value: unknown, instead: string): ServiceError =>
  new ServiceError('ValidationException', `\`${name}\` is \`${JSON.stringify(value)}\`; ${instead}.`)
