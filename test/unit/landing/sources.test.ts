import { describe, expect, it } from 'vitest'
import { landFile } from '../../../shared/landing/land-file.ts'
import { sourcesFrom } from '../../../shared/landing/sources.ts'
import { createMemoryPorts } from '../../../shared/memory/index.ts'
import { CONTROL, landingFixture, sourcesText } from './support.ts'

const KEY = 'config/sources.json'

describe('sourcesFrom', () => {
  it('before the first `config apply` a message goes back, and lands after it', async () => {
    const { memory, ports, put } = await landingFixture()
    const unconfigured = { ...ports, sources: sourcesFrom(memory.objects, 'empty', memory.clock) }
    const event = await put()
    await expect(landFile(event, unconfigured)).rejects.toMatchObject({ code: 'TG1001', certainty: 'transient' })
    await expect(landFile(event, unconfigured)).rejects.toThrow(
      '`s3://empty/config/sources.json` is not there: run `tidegate config apply`',
    )
    await memory.objects.put('empty', KEY, sourcesText())
    expect((await landFile(event, unconfigured)).result).toBe('landed')
  })

  it('reads once a minute, also for many that ask at once', async () => {
    const { objects, clock } = createMemoryPorts()
    let reads = 0
    const counting = {
      get: (bucket: string, key: string) => {
        reads += 1
        return objects.get(bucket, key)
      },
    }
    const sources = sourcesFrom(counting, CONTROL, clock)
    await objects.put(CONTROL, KEY, sourcesText('a/'))
    await Promise.all([sources(), sources(), sources()])
    expect(reads).toBe(1)

    await objects.put(CONTROL, KEY, sourcesText('b/'))
    clock.advance(59_999)
    expect((await sources()).dms?.prefix).toBe('a/')
    clock.advance(1)
    expect((await sources()).dms?.prefix).toBe('b/')
    expect(reads).toBe(2)
  })

  it.each(['{', '{}', sourcesText().replace('sources/1', 'sources/2')])('refuses %s as TG1002', async (text) => {
    const { objects, clock } = createMemoryPorts()
    await objects.put(CONTROL, KEY, text)
    await expect(sourcesFrom(objects, CONTROL, clock)()).rejects.toMatchObject({
      code: 'TG1002',
      certainty: 'terminal',
      message: expect.stringContaining("`s3://control/config/sources.json` can't be read: run `tidegate config apply`"),
      cause: expect.any(Error),
    })
  })
})
