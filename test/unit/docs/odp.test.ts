/** docs/reference/odp.md has each configuration key of the published framework, and says what the code makes of it. */
import { describe, expect, it } from 'vitest'
import { BATCH_KEYS, TABLE_KEYS } from '../../../shared/config/odp/keys.ts'
import { codes, read, rows, section } from './sources.ts'

const page = read('docs/reference/odp.md')
const configuration = read('docs/reference/configuration.md')
const keysOf = (heading: string): string[] =>
  rows(section(configuration, heading)).map(([key]) => codes(key ?? '')[0] ?? '')

/** Key → what the page says it is here; null for a dash. */
const mapping = (heading: string): Record<string, string | null> =>
  Object.fromEntries(
    rows(section(page, heading)).map(([key = '', here = '']) => [codes(key)[0], here === '–' ? null : codes(here)[0]]),
  )

describe.each([
  ['## odpf_batch_config', BATCH_KEYS],
  ['## odpf_raw_table_config', TABLE_KEYS],
])('%s', (heading, keys) => {
  it('has every key and what it is here', () => expect(mapping(heading)).toEqual(keys))

  it('names keys that our file has', () => {
    const ours = [...keysOf('## cadences'), ...keysOf('## defaults'), 'cadences', 'tables']
    const named = Object.values(keys).filter((key) => key !== null && !key.startsWith('hoodie.'))
    expect(named.filter((key) => !ours.includes(key ?? ''))).toEqual([])
  })
})
