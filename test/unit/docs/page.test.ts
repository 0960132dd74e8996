/** Blocks of a page, as the tests of the documentation take them. */
import { expect, it } from 'vitest'
import { blocksOf, followedBy } from '../../documents/page.ts'

const page = `# A page
<!-- run by test/documents/tutorial.test.ts -->
\`\`\`sh
one
two
\`\`\`
<!-- setup
hidden
-->
1. A step:
   <!-- file: a/b.yml -->
   \`\`\`yaml
   a:
     b: 1
   \`\`\`
<!-- exit: 2 -->
\`\`\`sh
fails
\`\`\`
<!-- not run: needs an account -->
\`\`\`sh
aws
\`\`\`
<!-- not run: of another block, since a line is between -->

\`\`\`text
shown
\`\`\`
`

it('takes blocks in order, with what stands before them, and without their indent; what a block would print is not there if it is not run', () => {
  expect(blocksOf(page)).toEqual([
    { language: 'sh', content: 'one\ntwo\n', line: 3, exit: 0 },
    { language: 'sh', content: 'hidden\n', line: 7, exit: 0 },
    { language: 'yaml', content: 'a:\n  b: 1\n', line: 12, exit: 0, file: 'a/b.yml' },
    { language: 'sh', content: 'fails\n', line: 17, exit: 2 },
    { language: 'sh', content: 'aws\n', line: 21, exit: 0, notRun: 'needs an account' },
    { language: 'text', content: 'shown\n', line: 26, exit: 0, notRun: 'needs an account' },
  ])
})

it('knows the test that a page names', () => {
  expect(followedBy(page)).toBe('test/documents/tutorial.test.ts')
  expect(followedBy('# Another')).toBeUndefined()
})
