/**
 * What the deployment needs of the configuration file: cadences, because each is a schedule, and databases, because the
 * Spark job may write nothing else. The whole file is validated by `tidegate config validate`; here only what is used.
 */
const { createHash } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { resolve } = require('node:path')
const YAML = require('yaml')

/** Batches of a cadence that run at once, where the configuration says nothing. As in shared/config/resolve-cadences.ts. */
const defaultMaxConcurrency = 10

/** Reads the file that the parameter `config` names. @returns {{cadences: Cadence[], databases: string[]}} */
async function deployed(resolveVariable) {
  const file = await resolveVariable('param:config')
  return readConfiguration(resolve(__dirname, '..', file))
}

/** Throws Error TG16xx when the file is missing or says something that cannot be deployed. */
function readConfiguration(path) {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(
      `TG1601: the configuration \`${path}\` cannot be read (${cause.code}). Name another with --param="config=FILE".`,
      { cause },
    )
  }
  const document = YAML.parse(text) ?? {}
  const cadences = Object.entries(document.cadences ?? {}).map(([name, cadence]) => cadenceOf(name, cadence ?? {}))
  if (cadences.length === 0)
    throw new Error(`TG1602: \`${path}\` has no \`cadences\`: nothing would ever run. Add one.`)
  return { cadences, databases: databasesOf(document) }
}

/** @typedef {{name: string, expression: string, timezone: string, maxConcurrency: number}} Cadence */

function cadenceOf(name, cadence) {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name))
    throw new Error(`TG1603: the cadence \`${name}\` cannot name a schedule. Use letters, digits, - and _, at most 64.`)
  const maxConcurrency = cadence.max_concurrency ?? defaultMaxConcurrency
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1)
    throw new Error(
      `TG1604: \`max_concurrency\` of the cadence \`${name}\` is \`${maxConcurrency}\`. Give a whole number from 1.`,
    )
  return { name, expression: expressionOf(name, cadence), timezone: cadence.timezone ?? 'UTC', maxConcurrency }
}

/** `every: 10 minutes` → `rate(10 minutes)`, `cron: "0 3 * * ? *"` → `cron(0 3 * * ? *)`. */
function expressionOf(name, { every, cron }) {
  if ((every === undefined) === (cron === undefined))
    throw new Error(`TG1605: the cadence \`${name}\` needs either \`every\` or \`cron\`. Give one of them.`)
  if (cron !== undefined) return `cron(${cron})`
  const [, amount, unit] = /^([1-9]\d{0,5})\s+(minute|hour|day)s?$/.exec(String(every).trim()) ?? []
  if (amount === undefined)
    throw new Error(
      `TG1606: the cadence \`${name}\` runs every \`${every}\`, which is no interval. Write for example \`10 minutes\`, \`1 hour\` or \`1 day\`.`,
    )
  return `rate(${amount} ${unit}${amount === '1' ? '' : 's'})`
}

/** Every database that a default block or a table names, sorted. */
function databasesOf(document) {
  const blocks = [...(document.defaults ?? []), ...Object.values(document.tables ?? {})]
  const names = new Set(blocks.map((block) => block?.target?.database).filter((name) => name !== undefined))
  for (const name of names) {
    if (!/^[a-z0-9_]{1,255}$/.test(name))
      throw new Error(`TG1607: \`${name}\` cannot name a Glue database. Use lower-case letters, digits and _.`)
  }
  return [...names].sort()
}

/** `10_min_refresh` → `Schedule10minrefreshe107`: logical ids are alphanumeric, so a hash keeps two names apart. */
const logicalId = (kind, name) =>
  `${kind}${name.replace(/[^A-Za-z0-9]/g, '')}${createHash('sha256').update(name).digest('hex').slice(0, 4)}`

module.exports = { deployed, readConfiguration, logicalId, defaultMaxConcurrency }
