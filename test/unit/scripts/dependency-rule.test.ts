import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { complaints, cruise } from '../../../scripts/dependency-rule.ts'
import { ROOT } from '../../../scripts/places.ts'

const config = createRequire(import.meta.url)(join(ROOT, '.dependency-cruiser.cjs')) as {
  forbidden: { name: string }[]
}

/** One violation of each rule: file, and what it imports. */
const PLANTED: Record<string, [file: string, imports: string]> = {
  'no-cycle': ['shared/files/a.ts', "import { b } from './b.ts'\nexport const a = () => b()"],
  'domain-is-pure': ['shared/claims/claim.ts', "import { leaf } from '../memory/leaf.ts'\nexport const claim = leaf"],
  'ports-know-no-concern': ['shared/ports/store.ts', "import { b } from '../files/b.ts'\nexport const store = b"],
  'sdk-only-in-adapters': [
    'functions/one/handler.ts',
    "import type { S3Client } from '@aws-sdk/client-s3'\nexport type One = S3Client",
  ],
  'adapters-know-ports-only': [
    'shared/aws/s3.ts',
    "import { leaf } from '../../local/leaf.ts'\nexport const s3 = leaf",
  ],
  'adapters-are-apart': ['shared/aws/sqs.ts', "import { leaf } from '../memory/leaf.ts'\nexport const sqs = leaf"],
  'functions-are-deployable': [
    'functions/two/handler.ts',
    "import { leaf } from '../../local/leaf.ts'\nexport const two = leaf",
  ],
  'local-serves-nobody': ['local/up.ts', "import { leaf } from '../cli/leaf.ts'\nexport const up = leaf"],
  'tests-are-leaves': ['cli/main.ts', "import { leaf } from '../test/leaf.ts'\nexport const main = leaf"],
  'bootstrap-on-built-ins': [
    'scripts/bootstrap/step.mjs',
    "import { leaf } from '../../cli/leaf.ts'\nexport const step = leaf",
  ],
}

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A tree that keeps the rule, and these files on top. */
function tree(files: Iterable<[string, string]>): string {
  const root = mkdtempSync(join(tmpdir(), 'tidegate-rule-'))
  folders.push(root)
  cpSync(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'))
  const leaves: [string, string][] = ['shared/memory', 'local', 'cli', 'test'].map((folder) => [
    `${folder}/leaf.ts`,
    'export const leaf = 1',
  ])
  const clean: [string, string][] = [['shared/files/b.ts', 'export const b = () => 1'], ...leaves]
  for (const [path, text] of [...clean, ...files]) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${text}\n`)
  }
  return root
}

describe('the dependency rule', () => {
  it('has a planted violation for each of its rules', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(config.forbidden.map(({ name }) => name).sort())
  })

  it('finds every planted violation, also of an import that is only a type', () => {
    const backEdge: [string, string] = [
      'shared/files/b.ts',
      "import { a } from './a.ts'\nexport const b = (): unknown => a",
    ]
    const { violations } = cruise(tree([backEdge, ...Object.values(PLANTED)]))
    for (const [rule, [file]] of Object.entries(PLANTED)) {
      expect(violations).toContainEqual(expect.stringMatching(new RegExp(`^${rule}: (${file}|shared/files/b\\.ts) →`)))
    }
  })

  it('passes a tree that keeps it', () => {
    const verdict = cruise(
      tree([['shared/aws/s3.ts', "import type { S3Client } from '@aws-sdk/client-s3'\nexport type Store = S3Client"]]),
    )
    expect(verdict.modules).toBe(6)
    expect(complaints(verdict)).toEqual([])
  })

  it('fails when it has seen no module: that is how an incompatible compiler looks', () => {
    const root = mkdtempSync(join(tmpdir(), 'tidegate-rule-'))
    folders.push(root)
    mkdirSync(join(root, 'shared'))
    writeFileSync(join(root, 'any.config.ts'), 'export {}\n') // A compiler without any input refuses by itself.
    cpSync(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'))
    expect(complaints(cruise(root))).toEqual([expect.stringContaining('no module was seen')])
  })
})
