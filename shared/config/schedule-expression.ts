/** A cadence's `every` or `cron` as EventBridge Scheduler writes it. Without packages: `serverless.yml` uses it too. */
import { ConfigurationError } from '../errors.ts'
import { shown } from '../files/shown.ts'

export interface CadenceTiming {
  readonly every?: string | undefined
  readonly cron?: string | undefined
}

const INTERVAL = /^([1-9]\d{0,5})\s+(minute|hour|day)s?$/
// Minutes, hours, day of month, month, day of week, year: digits, names, and the signs that AWS knows.
const CRON_FIELD = /^[0-9A-Za-z*?,/#-]+$/

/**
 * `every: 10 minutes` → `rate(10 minutes)`; `cron: 0 3 * * ? *` → `cron(0 3 * * ? *)`.
 * Throws ConfigurationError TG1218 for neither, both, or what Scheduler would refuse.
 */
export function scheduleExpression({ every, cron }: CadenceTiming): string {
  if ((every === undefined) === (cron === undefined))
    throw refusal('has to say either `every` or `cron`: give one of them, such as `every: 10 minutes`')
  return every === undefined ? cronExpression(cron ?? '') : rateExpression(every)
}

function rateExpression(every: string): string {
  const interval = INTERVAL.exec(every.trim())
  if (!interval)
    throw refusal(`\`every: ${shown(every)}\` is no interval: write it as \`10 minutes\`, \`2 hours\` or \`1 day\``)
  const count = Number(interval[1])
  return `rate(${count} ${interval[2]}${count === 1 ? '' : 's'})`
}

function cronExpression(cron: string): string {
  const fields = cron.trim().split(/\s+/)
  if (fields.length !== 6 || !fields.every((field) => CRON_FIELD.test(field)))
    throw refusal(
      `\`cron: ${shown(cron)}\` needs six fields (minutes hours day-of-month month day-of-week year): write it as \`0 3 * * ? *\``,
    )
  const unsaid = fields.flatMap((field, index) => (field.includes('?') ? [`${index} ${field}`] : []))
  if (unsaid.length !== 1 || !['2 ?', '4 ?'].includes(unsaid[0] ?? ''))
    throw refusal(
      `\`cron: ${shown(cron)}\` needs \`?\` for either the day of month or the day of week: write it as \`0 3 * * ? *\``,
    )
  return `cron(${fields.join(' ')})`
}

const refusal = (message: string) => new ConfigurationError('TG1218', message)
