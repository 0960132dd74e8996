/** The Spark job on real Spark, Iceberg, and the emulator's S3 and Glue catalogue: wall times as ratios to a floor of the same session. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freePort, startEmulator } from '../../local/emulator/emulator.ts'
import { localSettings } from '../../local/glue/spark-settings.ts'
import { baseEnvironment, projectRoot, python, region, sdkEnvironment } from '../../local/toolchain.ts'
import { createS3Client } from '../../shared/aws/clients.ts'
import type { Bench, Finding, Findings } from './page.ts'

type Seconds = Record<string, number[]>
/** What `spark-jobs/bench` prints: seconds of each round by name. */
interface Measured {
  large: { seconds: Seconds; phases: Record<string, Record<string, number>[]> }
  clustered: { seconds: Seconds }
  small: { seconds: Seconds; tables: number }
}

const bucket = 'bench'
/** As the deployed job's; the name of the catalogue is the one that the job's tests use. */
const ofJob = {
  'spark.sql.extensions': 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
  'spark.sql.defaultCatalog': 'lake',
  'spark.sql.catalog.lake': 'org.apache.iceberg.spark.SparkCatalog',
  'spark.sql.catalog.lake.type': 'glue',
  'spark.sql.catalog.lake.warehouse': `s3://${bucket}/lake`,
  'spark.sql.catalog.lake.io-impl': 'org.apache.iceberg.aws.s3.S3FileIO',
}

async function measure(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'))
  const publicEndpoint = `http://127.0.0.1:${await freePort()}`
  const emulator = await startEmulator({ publicEndpoint, logFile: join(folder, 'emulator.log') })
  try {
    const credentials = { accessKeyId: '000000000000', secretAccessKey: 'local' }
    const s3 = createS3Client({ endpoint: emulator.endpoint, region, credentials })
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    mkdirSync(join(folder, 'scratch', 's3a'), { recursive: true })
    const settings = {
      ...localSettings(ofJob, { endpoint: emulator.endpoint, region, workDir: folder, driverMemory: '4g' }),
      // Both compilers, as on Glue: what is measured is a warm application.
      'spark.driver.extraJavaOptions': `-Djava.io.tmpdir=${folder}`,
    }
    const file = join(folder, 'settings.json')
    writeFileSync(file, JSON.stringify(settings))
    return JSON.parse(await output(file, emulator.endpoint, folder)) as Measured
  } finally {
    await emulator.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function output(settings: string, endpoint: string, home: string): Promise<string> {
  const child = spawn(python(), ['-m', 'bench.measure', settings, bucket], {
    cwd: join(projectRoot, 'spark-jobs'),
    env: {
      ...baseEnvironment(),
      ...sdkEnvironment(endpoint),
      HOME: home,
      TMPDIR: home,
      SPARK_LOCAL_IP: '127.0.0.1',
      PYSPARK_PYTHON: python(),
      PYTHONDONTWRITEBYTECODE: '1',
      AWS_S3_US_EAST_1_REGIONAL_ENDPOINT: 'regional',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0
        ? resolve(Buffer.concat(parts).toString().trim().split('\n').at(-1) ?? '')
        : reject(new Error(`the bench of the Spark job ended with exit code ${code}`)),
    )
  })
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

function against(what: string, seconds: number, floor: number, most: number): Finding {
  const ratio = seconds / floor
  return {
    what,
    target: `≤ ${most} × floor`,
    measured: `${ratio.toFixed(1)} × (${seconds.toFixed(2)} s)`,
    met: ratio <= most,
  }
}

function pruning(seconds: Seconds, mode: string): Finding {
  const factor = median(seconds[`${mode}, not pruned`] ?? []) / median(seconds[`${mode}, pruned`] ?? [])
  const what = `40,000 changes to one sixteenth of its keys, ${mode}: pruned by key bounds`
  return { what, target: '≥ 2 × faster', measured: `${factor.toFixed(1)} ×`, met: factor >= 2 }
}

function aTable(seconds: Seconds, name: string, tables: number): Finding {
  const each = median(seconds[name] ?? []) / tables
  const what = `${tables} tables of 20,000 rows, 2,400 changes each, in one application, ${name}: a table`
  return { what, target: '≤ 0.25 s', measured: `${each.toFixed(2)} s`, met: each <= 0.25 }
}

function findings({ large, clustered, small }: Measured): Findings {
  const of = (name: string) => median(large.seconds[name] ?? [])
  const floor = of('floor')
  const rows = [
    { what: 'floor: Spark reads 1,369,769 rows to nothing', target: '-', measured: `${floor.toFixed(2)} s` },
    against('full load of these rows', of('full, merge_on_read'), floor, 4.2),
    against('40,000 changes in 14 files, merge_on_read', of('merge_on_read'), floor, 1.7),
    against('40,000 changes in 14 files, copy_on_write', of('copy_on_write'), floor, 6.5),
    pruning(clustered.seconds, 'merge_on_read'),
    pruning(clustered.seconds, 'copy_on_write'),
    aTable(small.seconds, 'merge_on_read', small.tables),
    aTable(small.seconds, 'copy_on_write', small.tables),
  ]
  return { rows, notes: profile(large.phases) }
}

/** Median seconds of each phase that the outcomes name. */
function profile(phases: Measured['large']['phases']): string {
  const line = (name: string) => {
    const rounds = phases[name] ?? []
    const steps = Object.keys(rounds[0] ?? {})
    const shares = steps.map((step) => `${step} ${median(rounds.map((round) => round[step] ?? 0)).toFixed(2)} s`)
    return `- ${name}: ${shares.join(', ')}`
  }
  return ['Where the time goes, by the phases of the outcomes (medians):', '', ...Object.keys(phases).map(line)].join(
    '\n',
  )
}

export const bench: Bench = {
  title: 'The Spark job',
  method:
    'One warm application, `local[2]`, 4 GiB; S3 and Glue catalogue are the emulator on the same two cores. Medians of 5 rounds after two to warm up; what is compared takes turns. Every table is compared with what it must hold.',
  versions: ['Spark 3.5.6', 'Iceberg 1.10.0', 'Java 17', 'MiniStack 1.5.33'],
  run: async () => findings(await measure()),
}
