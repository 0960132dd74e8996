/** What the Lambdas read of their environment, checked once a container: bucket names, the tables' prefix, how long history is kept. */
import { z } from 'zod'
import { ConfigurationError } from '../../shared/errors.ts'

const bucketName = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is no bucket name')

const variables = z.object({
  TIDEGATE_STAGING_BUCKET: bucketName,
  TIDEGATE_RAW_BUCKET: bucketName,
  TIDEGATE_CONTROL_BUCKET: bucketName,
  TIDEGATE_TABLE_PREFIX: z
    .string()
    .regex(/^[\w.-]*$/, 'has characters that no table name has')
    .default('odpf_'),
  /** Must outlive the staged objects and the queues: landing looks there. */
  TIDEGATE_HISTORY_TTL_DAYS: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, 'is no whole number of days')
    .default('400'),
  /** Objects put within so many minutes are left to their events. */
  TIDEGATE_RECONCILE_YOUNG_MINUTES: z
    .string()
    .regex(/^\d{1,5}$/, 'is no whole number of minutes')
    .default('60'),
})

export interface Environment {
  readonly stagingBucket: string
  readonly rawBucket: string
  readonly controlBucket: string
  readonly tablePrefix: string
  readonly historyTtlMs: number
  readonly reconcileYoungMs: number
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** Throws ConfigurationError TG1030, terminal, which names every variable that is missing or wrong. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const result = variables.safeParse(env)
  if (!result.success) {
    const wrong = result.error.issues.map(({ path, message }) => {
      const name = String(path[0])
      return env[name] === undefined ? `\`${name}\` is missing` : `\`${name}\` = \`${env[name]}\` ${message}`
    })
    throw new ConfigurationError(
      'TG1030',
      `the function's environment: ${wrong.join('; ')}. Deploy again from serverless.yml.`,
    )
  }
  const read = result.data
  return {
    stagingBucket: read.TIDEGATE_STAGING_BUCKET,
    rawBucket: read.TIDEGATE_RAW_BUCKET,
    controlBucket: read.TIDEGATE_CONTROL_BUCKET,
    tablePrefix: read.TIDEGATE_TABLE_PREFIX,
    historyTtlMs: Number(read.TIDEGATE_HISTORY_TTL_DAYS) * dayMs,
    reconcileYoungMs: Number(read.TIDEGATE_RECONCILE_YOUNG_MINUTES) * minuteMs,
  }
}
