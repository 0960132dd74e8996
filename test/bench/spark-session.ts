/** Runs one section of `spark-jobs/bench` on real Spark, Iceberg, and the emulator's S3 and Glue catalogue. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freePort, startEmulator } from '../../local/emulator/emulator.ts'
import { localSettings } from '../../local/glue/spark-settings.ts'
import { baseEnvironment, projectRoot, python, region, sdkEnvironment } from '../../local/toolchain.ts'
import { createS3Client } from '../../shared/aws/clients.ts'

/** What a section prints: by name, the seconds of each round, and of each phase that the outcomes name. */
export interface Measured {
  seconds: Record<string, number[]>
  phases?: Record<string, Record<string, number>[]>
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
/** What Hudi's own writer needs, and the job sets by itself. */
const forHudi = {
  'spark.serializer': 'org.apache.spark.serializer.KryoSerializer',
  'spark.kryo.registrator': 'org.apache.spark.HoodieSparkKryoRegistrar',
  'spark.sql.parquet.inferTimestampNTZ.enabled': 'false',
}

/** Each section has a Spark application and an emulator of its own. Its progress goes to standard error. */
export async function measureSpark(section: 'large' | 'clustered' | 'small' | 'hudi'): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'))
  const publicEndpoint = `http://127.0.0.1:${await freePort()}`
  const emulator = await startEmulator({ publicEndpoint, logFile: join(folder, 'emulator.log') })
  try {
    const credentials = { accessKeyId: '000000000000', secretAccessKey: 'local' }
    const s3 = createS3Client({ endpoint: emulator.endpoint, region, credentials })
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    mkdirSync(join(folder, 'scratch', 's3a'), { recursive: true })
    const settings = {
      ...localSettings(
        { ...ofJob, ...(section === 'hudi' ? forHudi : {}) },
        { endpoint: emulator.endpoint, region, workDir: folder, driverMemory: '4g' },
      ),
      // Both compilers, as on Glue: what is measured is a warm application.
      'spark.driver.extraJavaOptions': `-Djava.io.tmpdir=${folder}`,
    }
    const file = join(folder, 'settings.json')
    writeFileSync(file, JSON.stringify(settings))
    return JSON.parse(await output([file, bucket, section], emulator.endpoint, folder)) as Measured
  } finally {
    await emulator.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function output(given: string[], endpoint: string, home: string): Promise<string> {
  const child = spawn(python(), ['-m', 'bench.measure', ...given], {
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

/** Of an odd number of rounds. */
export const median = (values: readonly number[] = []): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export const sparkMethod =
  'One warm application, `local[2]`, 4 GiB; S3 and Glue catalogue are the emulator on the same cores. Medians of 5 rounds after one to warm up; what is compared takes turns. Every table is compared with what it must hold.'
export const sparkVersions = ['Spark 3.5.6', 'Iceberg 1.10.0', 'Java 17', 'MiniStack 1.5.33']
