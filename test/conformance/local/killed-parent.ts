/** Started by `restart.test.ts` to be killed: a local cloud with a warm function and a Spark driver at work. Says so on standard output, then waits. */

import { existsSync, readFileSync } from 'node:fs'
import { CreateJobCommand, StartJobRunCommand } from '@aws-sdk/client-glue'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { createFunction, invoke, start, until } from './harness.ts'

const running = await start({ dataDir: process.argv[2] ?? '', driverMemory: '512m' })
const { cloud, s3, glue } = running
await createFunction(running, 'warm', 'export const handler = async () => 1')
await invoke(running, 'warm')
await s3.send(new CreateBucketCommand({ Bucket: 'jobs' }))
await s3.send(
  new PutObjectCommand({
    Bucket: 'jobs',
    Key: 'main.py',
    Body: "import time\nprint('AT WORK', flush=True)\ntime.sleep(300)",
  }),
)
await glue.send(
  new CreateJobCommand({
    Name: 'sleeps',
    Role: 'any',
    Command: { Name: 'glueetl', ScriptLocation: 's3://jobs/main.py' },
  }),
)
const { JobRunId } = await glue.send(new StartJobRunCommand({ JobName: 'sleeps' }))
const log = `${cloud.dataDir}/runs/${JobRunId}/driver.log`
await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('AT WORK'))
console.log('driver works')
