/** A first deployment that did not come to its end leaves nothing in the way of the next one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, DeleteBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, expect, test } from 'vitest'
import { deployToLocalCloud } from '../../../local/deploy/deploy.ts'
import { account, region, start } from '../local/harness.ts'

const dataDir = join(mkdtempSync(join(tmpdir(), 'tidegate-first-')), 'data')
afterAll(() => rmSync(join(dataDir, '..'), { recursive: true }))
const Bucket = `tidegate-local-control-${account}-${region}`

test('neither buckets of a start that was killed, nor a stack that was rolled back', async () => {
  const left = join(dataDir, 'emulator', 's3', account, Bucket)
  mkdirSync(left, { recursive: true })
  writeFileSync(join(left, 'object'), '')
  const { cloud, s3 } = await start({ dataDir })
  const deploy = () => deployToLocalCloud({ endpoint: cloud.endpoint })
  try {
    await s3.send(new CreateBucketCommand({ Bucket })) // nobody owns the name any more
    await expect(deploy()).rejects.toThrow(/^TG5203: .*ROLLBACK_COMPLETE/)
    await s3.send(new DeleteBucketCommand({ Bucket }))
    expect((await deploy()).change).toBe('created')
  } finally {
    await cloud.stop()
  }
})
