/** Spark's settings for a job on this machine: the job's own, then what only the local cloud needs. */
import { jars } from '../toolchain.ts'

export interface LocalSpark {
  /** The gateway, for S3 and the Glue catalogue. */
  endpoint: string
  region: string
  /** Scratch space of this run. */
  workDir: string
  /** E.g. `2g`. */
  driverMemory: string
}

const sparkCatalog = 'org.apache.iceberg.spark.SparkCatalog'

/** The job's chain first: where both say something, it is the address of a service, and there is only one here. */
export function localSettings(ofJob: Record<string, string>, local: LocalSpark): Record<string, string> {
  return { ...smallMachine(local), ...ofJob, ...objectStore(local), ...catalogs(ofJob, local), ...thisMachine(local) }
}

/** Two cores: what a job may still set otherwise. */
const smallMachine = ({ driverMemory }: LocalSpark): Record<string, string> => ({
  'spark.driver.memory': driverMemory,
  'spark.sql.shuffle.partitions': '2',
  'spark.default.parallelism': '2',
  'spark.sql.adaptive.enabled': 'true',
  'spark.scheduler.mode': 'FAIR',
  'spark.sql.session.timeZone': 'UTC',
  'spark.log.level': 'WARN',
})

const thisMachine = ({ workDir }: LocalSpark): Record<string, string> => ({
  'spark.master': 'local[2]',
  'spark.submit.deployMode': 'client',
  'spark.ui.enabled': 'false',
  'spark.ui.showConsoleProgress': 'false',
  'spark.driver.host': '127.0.0.1',
  'spark.driver.bindAddress': '127.0.0.1',
  'spark.driver.extraClassPath': `${jars()}/*`, // not spark.jars: that copies them, 1.9 s a start
  'spark.local.dir': `${workDir}/scratch`,
  'spark.sql.warehouse.dir': `file:${workDir}/scratch/warehouse`,
  // A job here lasts seconds, less than the optimising compiler needs to pay: the demo's full load took 70 s instead of 89 s.
  'spark.driver.extraJavaOptions': `-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=128m -Djava.io.tmpdir=${workDir}/scratch -Dderby.system.home=${workDir}/scratch`,
})

function objectStore({ endpoint, region, workDir }: LocalSpark): Record<string, string> {
  const settings: Record<string, string> = {
    'fs.s3a.endpoint': endpoint,
    'fs.s3a.endpoint.region': region,
    'fs.s3a.path.style.access': 'true',
    'fs.s3a.connection.ssl.enabled': 'false',
    'fs.s3a.aws.credentials.provider': 'com.amazonaws.auth.EnvironmentVariableCredentialsProvider',
    'fs.s3a.buffer.dir': `${workDir}/scratch/s3a`,
    'fs.s3.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
  }
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`spark.hadoop.${name}`, value]))
}

/** Every Iceberg catalogue that the job declares, pointed at the gateway. A job that declares none gets none. */
function catalogs(ofJob: Record<string, string>, { endpoint, region }: LocalSpark): Record<string, string> {
  const names = Object.entries(ofJob).flatMap(([name, value]) =>
    /^spark\.sql\.catalog\.[^.]+$/.test(name) && value === sparkCatalog ? [name] : [],
  )
  return Object.fromEntries(
    names.flatMap((name) => [
      [`${name}.glue.endpoint`, endpoint],
      [`${name}.s3.endpoint`, endpoint],
      [`${name}.s3.path-style-access`, 'true'],
      [`${name}.client.region`, region],
    ]),
  )
}
