/** The settings that docs/how-to/rows-of-any-producer.md shows are ones that the file may have. */
import { describe, expect, it } from 'vitest'
import { blocksOf } from '../../documents/page.ts'
import { BASE, resolved } from '../config/support.ts'
import { read } from './sources.ts'

const blocks = blocksOf(read('docs/how-to/rows-of-any-producer.md')).filter(({ language }) => language === 'yaml')

describe('rows-of-any-producer.md', () => {
  it.each(blocks.map(({ line, content }) => [line, content] as const))('line %i has valid settings', (_, content) => {
    const base = content.startsWith('sources:') ? BASE.slice(BASE.indexOf('cadences:')) : BASE
    expect(resolved(base + content).tables.length).toBeGreaterThan(0)
  })
})
