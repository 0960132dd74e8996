/** `tidegate init [FILE]`: a first configuration file, from what lies on the bucket, in a folder, or in a DMS task. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Command } from 'commander'
import { createS3Client } from '../../shared/aws/clients.ts'
import { createS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { ConfigurationError, InputError } from '../../shared/errors.ts'
import { chooseCloud } from '../lib/deployment.ts'
import type { Found } from '../lib/first-config/found.ts'
import { foundInDmsTask } from '../lib/first-config/from-dms-task.ts'
import { foundInKeys } from '../lib/first-config/from-keys.ts'
import { firstConfig } from '../lib/first-config/write.ts'
import { number, plural } from '../lib/human.ts'
import { writeNewFile } from '../lib/new-file.ts'
import type { Output } from '../lib/output.ts'
import { type Globals, outputOf } from './globals.ts'

interface InitOptions {
  readonly from?: string
  readonly bucket?: string
  readonly dmsTask?: string
  readonly prefix: string
  readonly force?: boolean
}

/** Keys that are looked at: enough to see every table of most buckets, and no more than ten requests. */
const MOST_KEYS = 10_000

export function addInit(program: Command): void {
  program
    .command('init')
    .description('write a first configuration file by looking at files, a bucket, or a DMS task')
    .argument('[file]', 'the file to write', 'tidegate.yml')
    .option('--from <dir>', 'look at a folder whose files will be landed: paths in it are keys')
    .option('--bucket <bucket>', `look at the first ${number(MOST_KEYS)} keys of a bucket`)
    .option(
      '--dms-task <file>',
      "look at a DMS task's table mappings: their JSON, or what describe-replication-tasks prints",
    )
    .option(
      '--prefix <prefix>',
      'with --bucket: look below it; with --from: what `land --prefix` will say; with --dms-task: the BucketFolder',
      '',
    )
    .option('--force', 'write over a file that exists')
    .action(async (file: string, options: InitOptions, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const { found, origin } = await look(options, () => chooseCloud(globals, output), output)
      const config = firstConfig(found, origin)
      await writeNewFile(file, config.text, options.force ?? false)
      const { tables, fillIn, leftOut } = config
      const notes = [...found.notes, ...leftOut]
      output.result({ file, sources: found.sources, tables, fill_in_lines: fillIn, notes }, () => {
        const sources = plural(Object.keys(found.sources).length, 'source')
        output.line(`wrote ${file}: ${sources}, ${plural(tables, 'table')}`)
        output.line(
          `fill in ${plural(fillIn.length, 'line')}: ${summary(fillIn)}; then \`tidegate config validate ${file}\``,
        )
        for (const note of notes) output.note(note)
      })
    })
}

const summary = (lines: readonly number[]): string =>
  lines.length <= 10 ? lines.join(', ') : `${lines.slice(0, 10).join(', ')} and so on, marked FILL IN`

/** Throws ConfigurationError TG1530 unless it is told one thing to look at. */
async function look(
  options: InitOptions,
  useCloud: () => unknown,
  output: Output,
): Promise<{ found: Found; origin: string }> {
  const { from, bucket, dmsTask } = options
  const prefix = options.prefix === '' || options.prefix.endsWith('/') ? options.prefix : `${options.prefix}/`
  const given = [from, bucket, dmsTask].filter((one) => one !== undefined).length
  if (given !== 1)
    throw new ConfigurationError(
      'TG1530',
      `\`init\` was given \`${given}\` things to look at. Give one of --from DIR, --bucket BUCKET, --dms-task FILE.`,
    )
  if (dmsTask !== undefined)
    return { found: foundInDmsTask(await contentOf(dmsTask), prefix, dmsTask), origin: `the DMS task in ${dmsTask}` }
  if (from !== undefined) {
    const keys = (await keysUnder(from)).map((key) => prefix + key)
    return { found: foundInKeys(bounded(keys, output), prefix), origin: `the files in ${from}` }
  }
  useCloud()
  const keys = await keysOn(bucket ?? '', prefix)
  return { found: foundInKeys(bounded(keys, output), prefix), origin: `s3://${bucket}/${prefix}` }
}

/** Throws InputError TG2630 if it can't be read. */
const contentOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InputError('TG2630', `\`${file}\` can't be read. Name a file that exists.`, { cause })
  })

/** Throws InputError TG2630 if it can't be read. */
async function keysUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new InputError('TG2630', `\`${dir}\` can't be read. Name a folder that exists.`, { cause })
  })
  const files = entries.filter((entry) => entry.isFile())
  return files.map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/')).sort()
}

async function keysOn(bucket: string, prefix: string): Promise<string[]> {
  const s3 = createS3Client()
  try {
    const keys: string[] = []
    for await (const key of createS3ObjectStore(s3).list(bucket, prefix)) {
      keys.push(key)
      if (keys.length > MOST_KEYS) break
    }
    return keys
  } finally {
    s3.destroy()
  }
}

function bounded(keys: string[], output: Output): string[] {
  if (keys.length <= MOST_KEYS) return keys
  output.note(`looked at the first ${number(MOST_KEYS)} keys only: look below a --prefix to see the others`)
  return keys.slice(0, MOST_KEYS)
}
