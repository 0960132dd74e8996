/** The tutorial, as a reader follows it: every command is taken from the page, run in a shell, and compared with what the page shows. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Reader } from './page.ts'

it('docs/tutorial.md says nothing that it does not keep', async () => {
  const reader = new Reader()
  try {
    await reader.follow('docs/tutorial.md', (content) =>
      fillIn(join(reader.place.folder, 'mine/tidegate.yml'), content),
    )
  } finally {
    await reader.close()
  }
})

/** What the reader does in an editor. The page may differ from what was written only where it asks the reader to fill in. */
function fillIn(file: string, wanted: string): void {
  const written = readFileSync(file, 'utf8').split('\n')
  const lines = wanted.split('\n')
  const asked = written.flatMap((line, index) => (line.includes('# FILL IN') ? [index] : []))
  expect(asked).toHaveLength(2)
  const unasked = (all: readonly string[]) => all.filter((_, index) => !asked.includes(index))
  expect(unasked(lines)).toEqual(unasked(written))
  writeFileSync(file, wanted)
}
