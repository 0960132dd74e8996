/** `tidegate land DIR`: puts a tree of files on the staging bucket, as DMS would. */
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Command } from 'commander'
import { createS3Client } from '../../shared/aws/clients.ts'
import { sourcesDocument } from '../../shared/contracts/config.ts'
import { controlLayout } from '../../shared/contracts/control-layout.ts'
import { readDocument } from '../../shared/documents.ts'
import { ConfigurationError, EngineError, InputError, messageOf } from '../../shared/errors.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { duration, number, plural, size } from '../lib/human.ts'
import { eachOf } from '../lib/parallel.ts'
import { ledgerPorts } from '../lib/ports.ts'
import { progress } from '../lib/progress.ts'
import { type AwaitLandingResult, untilLanded } from '../lib/until-landed.ts'
import { type Globals, outputOf } from './globals.ts'

interface LocalFile {
  readonly path: string
  readonly key: string
  readonly bytes: number
}

export function addLand(program: Command): void {
  program
    .command('land')
    .description('put a tree of files on the staging bucket with ordinary S3 puts')
    .argument('<dir>', 'folder whose files are put; their paths in it become their keys')
    .option('--prefix <prefix>', 'goes before every key', '')
    .option('--wait', 'until the ledger knows every file')
    .action(async (dir: string, options: { prefix: string; wait?: boolean }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      const { stagingBucket } = deployment
      const files = await filesUnder(dir, options.prefix)
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
      const started = Date.now()
      await putAll(stagingBucket, files)
      const put = duration(Date.now() - started)
      const known = options.wait ? await untilInLedger(deployment, files) : undefined
      output.result({ bucket: stagingBucket, objects: files.length, bytes, ledger: known ?? null }, () => {
        output.line(`put ${plural(files.length, 'file')} (${size(bytes)}) on ${stagingBucket} in ${put}`)
        if (known) output.line(`${plural(known.landed, 'file')} in the ledger after ${duration(Date.now() - started)}`)
      })
      for (const refused of known?.refused ?? []) output.note(refused)
    })
}

/** Regular files below `dir`, in the order of their keys. Throws InputError TG2601 if there are none. */
async function filesUnder(dir: string, prefix: string): Promise<LocalFile[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new InputError('TG2601', `\`${dir}\` can't be read. Name a folder that exists.`, { cause: error })
  })
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name)
        return { path, key: prefix + relative(dir, path).split(sep).join('/'), bytes: (await stat(path)).size }
      }),
  )
  if (files.length === 0) throw new InputError('TG2601', `\`${dir}\` has no files. Name a folder with files to land.`)
  return files.sort((a, b) => (a.key < b.key ? -1 : 1))
}

async function putAll(bucket: string, files: readonly LocalFile[]): Promise<void> {
  const s3 = createS3Client()
  const bar = progress(files.length, (done) => `landing ${number(done)} of ${plural(files.length, 'file')}`)
  try {
    let put = 0
    await eachOf(files, 8, async (file) => {
      const Body = createReadStream(file.path)
      await s3
        .send(new PutObjectCommand({ Bucket: bucket, Key: file.key, Body, ContentLength: file.bytes }))
        .catch((error: unknown) => {
          throw notPut(file.key, put, files.length, error)
        })
      put += 1
      bar.step()
    })
  } finally {
    bar.end()
    s3.destroy()
  }
}

const notPut = (key: string, put: number, all: number, cause: unknown): EngineError =>
  new EngineError(
    'TG5609',
    `\`${key}\` was not put (${messageOf(cause)}); ${number(put)} of ${plural(all, 'file')} were. Mend that, then land those that are missing: \`tidegate files TABLE\` lists what is there, and a full-load file that is put twice begins a reload.`,
    { cause },
  )

const patienceMs = 300_000

/** Throws ConfigurationError TG1505 if no configuration was applied: then nobody can say which table a key belongs to; OurError TG9302 if it can't be read. */
async function untilInLedger(deployment: Deployment, files: readonly LocalFile[]): Promise<AwaitLandingResult> {
  const ports = ledgerPorts(deployment)
  const place = { bucket: deployment.controlBucket, key: controlLayout.sources }
  const applied = await readDocument(sourcesDocument, place, ports.objects)
  if (applied === undefined)
    throw new ConfigurationError('TG1505', 'no configuration is applied yet. Run `tidegate config apply FILE` first.')
  const keys = files.map((file) => file.key)
  return untilLanded(deployment.stagingBucket, keys, applied.sources, ports, patienceMs)
}
