/** The six fields of an EventBridge Scheduler `cron(…)`: minutes, hours, day of month, month, day of week, year; and when they match. */
import type { WallMs } from './zone.ts'

/** Values that match, in order. */
interface Cron {
  minutes: number[]
  hours: number[]
  months: number[]
  years: number[]
  /** Days of a month that match; months count from 1. */
  days(year: number, month: number): number[]
}

interface Field {
  name: string
  low: number
  high: number
  /** Names of the values, from `low` on. */
  names?: string[]
}

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const fields = {
  minutes: { name: 'minutes', low: 0, high: 59 },
  hours: { name: 'hours', low: 0, high: 23 },
  dayOfMonth: { name: 'day of month', low: 1, high: 31 },
  month: { name: 'month', low: 1, high: 12, names: monthNames },
  dayOfWeek: { name: 'day of week', low: 1, high: 7, names: dayNames },
  year: { name: 'year', low: 1970, high: 2199 },
} satisfies Record<string, Field>

/** Parses the text between the parentheses. Throws an Error that says which field is wrong and how. */
export function parseCron(text: string): Cron {
  const parts = text.trim().toUpperCase().split(/\s+/)
  if (parts.length !== 6) throw new Error(`it has ${parts.length} fields; give six: \`cron(0 3 * * ? *)\``)
  const [minutes = '', hours = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = parts
  if ((dayOfMonth === '?') === (dayOfWeek === '?'))
    throw new Error('exactly one of its two days must be `?`: `cron(0 3 * * ? *)`')
  return {
    minutes: valuesOf(minutes, fields.minutes),
    hours: valuesOf(hours, fields.hours),
    months: valuesOf(month, fields.month),
    years: valuesOf(year, fields.year),
    days: dayOfMonth === '?' ? daysOfWeek(dayOfWeek) : daysOfMonth(dayOfMonth),
  }
}

/** Wall times that match, from the day of `from` on, in order; at most until 2199. */
export function* wallTimes(cron: Cron, from: WallMs): Generator<WallMs> {
  const first = new Date(from)
  const start = Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), first.getUTCDate())
  for (const year of cron.years) {
    if (year < first.getUTCFullYear()) continue
    for (const month of cron.months)
      for (const day of cron.days(year, month)) {
        if (Date.UTC(year, month - 1, day) < start) continue
        for (const hour of cron.hours)
          for (const minute of cron.minutes) yield Date.UTC(year, month - 1, day, hour, minute)
      }
  }
}

/** `*`, values, ranges and steps, separated by commas. */
function valuesOf(text: string, field: Field): number[] {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/')
    const [low, high] = rangeOf(range, step !== undefined, field)
    const by = step === undefined ? 1 : numberOf(step)
    if (more.length > 0 || !(by >= 1) || !(low >= field.low && high <= field.high && low <= high))
      throw new Error(
        `\`${part}\` is no ${field.name}; it goes from ${field.low} to ${field.high}, as \`*\`, \`a\`, \`a-b\` or \`a/step\``,
      )
    for (let value = low; value <= high; value += by) values.add(value)
  }
  return [...values].sort((a, b) => a - b)
}

/** NaN where a value is none. */
function rangeOf(range: string, stepped: boolean, field: Field): [number, number] {
  if (range === '*') return [field.low, field.high]
  const [from = '', to, ...more] = range.split('-')
  if (more.length > 0) return [Number.NaN, Number.NaN]
  const low = numbered(from, field)
  if (to !== undefined) return [low, numbered(to, field)]
  return [low, stepped ? field.high : low]
}

function numbered(text: string, { low, names }: Field): number {
  const named = names?.indexOf(text) ?? -1
  return named >= 0 ? named + low : numberOf(text)
}

const numberOf = (text: string): number => (/^\d{1,4}$/.test(text) ? Number(text) : Number.NaN)

type Days = (year: number, month: number) => number[]

const lengthOf = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate()
/** 1 is Sunday, as in the expression. */
const weekdayOf = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1

/** `L` is the last day, `15W` the weekday nearest to the 15th in the same month, `LW` the last weekday. */
function daysOfMonth(text: string): Days {
  if (text === 'L') return (year, month) => [lengthOf(year, month)]
  if (text === 'LW') return (year, month) => [nearestWeekday(year, month, lengthOf(year, month))]
  const nearest = /^(\d{1,2})W$/.exec(text)
  if (nearest !== null) {
    const [day = 0] = valuesOf(nearest[1] ?? '', fields.dayOfMonth)
    return (year, month) => (day <= lengthOf(year, month) ? [nearestWeekday(year, month, day)] : [])
  }
  const days = valuesOf(text, fields.dayOfMonth)
  return (year, month) => days.filter((day) => day <= lengthOf(year, month))
}

/** Never into another month: from Saturday the 1st on to Monday, from a Sunday that ends the month back to Friday. */
function nearestWeekday(year: number, month: number, day: number): number {
  const weekday = weekdayOf(year, month, day)
  if (weekday === 7) return day > 1 ? day - 1 : day + 2
  if (weekday === 1) return day < lengthOf(year, month) ? day + 1 : day - 2
  return day
}

/** `L` is Saturday, `6L` the month's last Friday, `2#1` its first Monday. */
function daysOfWeek(text: string): Days {
  const all = (year: number, month: number, weekdays: number[]): number[] =>
    Array.from({ length: lengthOf(year, month) }, (_, at) => at + 1).filter((day) =>
      weekdays.includes(weekdayOf(year, month, day)),
    )
  if (text === 'L') return (year, month) => all(year, month, [7])
  const special = /^(\w{1,3})(?:(L)|#([1-5]))$/.exec(text)
  if (special !== null) {
    const weekdays = valuesOf(special[1] ?? '', fields.dayOfWeek)
    const at = special[2] === 'L' ? -1 : Number(special[3]) - 1
    return (year, month) => [all(year, month, weekdays).at(at)].filter((day) => day !== undefined)
  }
  const weekdays = valuesOf(text, fields.dayOfWeek)
  return (year, month) => all(year, month, weekdays)
}
