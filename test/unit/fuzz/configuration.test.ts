/** The YAML file, right but for a few places: it is resolved, or every problem has a number, a line and a text that can be shown. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { parseConfig } from '../../../shared/config/parse.ts'
import { resolve } from '../../../shared/config/resolve.ts'
import { deployment } from '../config/support.ts'
import { almost, EXAMPLES, extremes, hostileText, numberedAtWorst } from './hostile.ts'

const file = (path: string): string => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')
const texts = [file('examples/tidegate.yml'), file('test/e2e/bad-input.yml')]
const documents = texts.map((text) => parse(text) as Record<string, unknown>)

const read = (text: string) => resolve(parseConfig(text, 'tidegate.yml'), deployment)

it('the files that are changed here are right as they are', () => {
  for (const text of texts) expect(() => read(text)).not.toThrow()
})

it('is resolved, or refused by number, whatever was changed in its values', async () => {
  await fc.assert(
    fc.asyncProperty(almost(documents), fc.boolean(), (json, asYaml) =>
      // JSON is YAML too, and what was cut off is neither.
      numberedAtWorst(() => read(asYaml && !isCut(json) ? stringify(JSON.parse(json)) : json)),
    ),
    { numRuns: EXAMPLES },
  )
})

it('is resolved, or refused by number, whatever was changed in its text', async () => {
  const edit = fc.tuple(fc.constantFrom(...texts), fc.nat(), fc.nat(80), hostileText)
  await fc.assert(
    fc.asyncProperty(edit, ([text, at, length, inserted]) => {
      const from = at % text.length
      return numberedAtWorst(() => read(text.slice(0, from) + inserted + text.slice(from + length)))
    }),
    { numRuns: EXAMPLES },
  )
})

it('may be a megabyte or ten thousand levels deep', async () => {
  for (const text of extremes(documents[0] ?? {})) await numberedAtWorst(() => read(text))
}, 60_000)

function isCut(json: string): boolean {
  try {
    JSON.parse(json)
    return false
  } catch {
    return true
  }
}
