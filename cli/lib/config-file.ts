/** The configuration file that a command names. */
import { readFile } from 'node:fs/promises'
import { type ParsedConfig, parseConfig } from '../../shared/config/parse.ts'
import type { DeploymentFacts } from '../../shared/config/resolved.ts'
import { ConfigurationError } from '../../shared/errors.ts'

/** What a file is resolved against when nothing needs to be deployed: names only, nothing is written. */
export const undeployed: DeploymentFacts = { rawBucket: 'raw-bucket', glueJobName: 'spark-job' }

/** Throws ConfigurationError TG1504 if the file can't be read, InvalidConfiguration TG1200 for what is wrong in it. */
export async function parsedFile(file: string): Promise<ParsedConfig> {
  return parseConfig(await textOf(file), file)
}

/** Throws ConfigurationError TG1504 if the file can't be read. */
export const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError('TG1504', `\`${file}\` can't be read. Name a file that exists.`, { cause: error })
  })
