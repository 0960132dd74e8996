/** Where the bootstrap put what is not Node: the Python environment, spark-submit, the jars; and the environment that children get. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '../shared/errors.ts'

/** The project's own directory. */
export const projectRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

/** Path of the project's Python 3.11. Throws TG1101 when the bootstrap has not run. */
export const python = (): string => existing('.venv/bin/python')
/** Path of the pinned PySpark's spark-submit. */
export const sparkSubmit = (): string => existing('.venv/bin/spark-submit')
/** Directory of the pinned jars: Iceberg, its AWS bundle, hadoop-aws. */
export const jars = (): string => existing('.jars')

function existing(relative: string): string {
  const path = `${projectRoot}/${relative}`
  if (existsSync(path)) return path
  throw new ConfigurationError(
    'TG1101',
    `\`${relative}\` is missing. Run \`npm run demo\` or \`npm test\` once: they set it up.`,
  )
}

const inherited = ['PATH', 'LANG', 'LC_ALL', 'JAVA_HOME', 'TZ'] as const

/** The few variables that a child needs of our own environment; everything else (profiles, tokens, NODE_OPTIONS) stays here. */
export function baseEnvironment(): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of inherited) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return env
}

/** Account and region of the local cloud. An access key of twelve digits is an account of its own in the emulator. */
export const account = '000000000000'
export const region = 'us-east-1'

/** What any AWS SDK needs to talk to the local cloud. The credentials are dummies; nobody checks them. */
export const sdkEnvironment = (endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: account,
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_EC2_METADATA_DISABLED: 'true',
})
