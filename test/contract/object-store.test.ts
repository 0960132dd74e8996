import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../shared/memory/object-store.ts'
import { type Cloud, startCloud } from './support/cloud.ts'
import { objectStoreContract } from './support/object-store-contract.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await startCloud()
})
afterAll(() => cloud?.stop())

objectStoreContract('memory', () => ({ store: createMemoryObjectStore(), bucket: 'memory' }))
objectStoreContract('S3', () => ({ store: cloud.ports.objects, bucket: cloud.bucket }))

test('a bucket that is not there is an error, not an absent object', async () => {
  await expect(cloud.ports.objects.get('no-such-bucket', 'a')).rejects.toMatchObject({
    code: 'TG3120',
    certainty: 'terminal',
  })
  await expect(cloud.ports.objects.put('no-such-bucket', 'a', 'b')).rejects.toThrow('`s3://no-such-bucket/a`')
})
