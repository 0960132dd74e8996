/** Writing a file that a command makes for its user. */
import { writeFile } from 'node:fs/promises'
import { ConfigurationError } from '../../shared/errors.ts'

/** Throws ConfigurationError TG1531 if the file exists, and nothing said to write over it. */
export async function writeNewFile(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' })
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    const what = exists
      ? 'exists, and is left as it is. Name another file, or add --force.'
      : "can't be written. Name a file in a folder that exists."
    throw new ConfigurationError('TG1531', `\`${file}\` ${what}`, { cause })
  }
}
