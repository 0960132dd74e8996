/** Every page of the documentation that has commands, followed to its end in a folder and a local cloud of its own. New pages are found by themselves. */
import { describe, it } from 'vitest'
import { allPages, blocksOf, followedBy, Reader, RUNNABLE, textOf } from './page.ts'

const pages = allPages().filter((page) => {
  const text = textOf(page)
  const runs = blocksOf(text).some(({ language, notRun }) => RUNNABLE.has(language) && notRun === undefined)
  return runs && followedBy(text) === undefined
})

describe('the commands of the documentation', () => {
  it.each(pages)('%s', async (page) => {
    const reader = new Reader()
    try {
      await reader.follow(page)
    } finally {
      await reader.close()
    }
  })
})
