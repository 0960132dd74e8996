import type { DeletionPorts } from '../../../shared/landing/deletion.ts'
import type { LandingPorts } from '../../../shared/landing/land-file.ts'
import { sourcesFrom } from '../../../shared/landing/sources.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'

export const STAGING = 'staging'
export const CONTROL = 'control'
export const KEY = 'in/Sales/Orders/LOAD00000001.parquet'

export const sourcesText = (prefix = 'in/'): string =>
  JSON.stringify({
    contract: 'tidegate.sources/1',
    applied_at_ms: 1,
    sources: { dms: { prefix, layout: '{schema}/{table}', shape: 'dms' } },
  })

export async function landingFixture() {
  const memory = createMemoryPorts()
  await memory.objects.put(CONTROL, 'config/sources.json', sourcesText())
  const ports: LandingPorts & DeletionPorts = {
    ...memory,
    sources: sourcesFrom(memory.objects, CONTROL, memory.clock),
    stagingBucket: STAGING,
  }
  /** Puts an object and gives the event that S3 sends for it. */
  const put = async (key = KEY, body = 'rows') => {
    await memory.objects.put(STAGING, key, body)
    const head = await memory.objects.head(STAGING, key)
    if (!head) throw new Error('not there')
    return eventFor(key, head.etag, head.bytes)
  }
  return { memory, ports, put }
}

export const eventFor = (key: string, etag: string, size: number, bucket = STAGING) => ({
  id: 'f1',
  source: 'aws.s3' as const,
  'detail-type': 'Object Created' as const,
  time: '2023-11-18T10:10:00Z',
  detail: { bucket: { name: bucket }, object: { key, size, etag, sequencer: '0065' }, reason: 'PutObject' },
})
