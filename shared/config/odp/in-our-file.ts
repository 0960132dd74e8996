/** The framework's keys in blocks of our own file: each stands for a setting of ours, and is replaced before anybody looks. */
import { type Path, type Problem, pathText } from '../problems.ts'
import { expectation, problemsOf } from '../shape-problems.ts'
import type { YamlDocument } from '../yaml-document.ts'
import { odpSettings, TABLE_KEYS } from './keys.ts'
import { settingsOf } from './settings.ts'

type Mapping = Readonly<Record<string, unknown>>

/** With TG1202 … TG1204 for what such a key does not allow, TG1234 where its setting is there under our name too. */
export function withOurKeys(document: YamlDocument): YamlDocument & { readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const translated = (path: Path, block: unknown): unknown => {
    if (!isMapping(block) || !Object.keys(block).some(isTheirs)) return block
    return ofBlock(path, block, document, problems)
  }
  if (!isMapping(document.value)) return { ...document, problems }
  const { defaults, tables } = document.value
  const value = {
    ...document.value,
    ...(Array.isArray(defaults) && { defaults: defaults.map((block, at) => translated(['defaults', at], block)) }),
    ...(isMapping(tables) && {
      tables: Object.fromEntries(
        Object.entries(tables).map(([name, block]) => [name, translated(['tables', name], block)]),
      ),
    }),
  }
  return { ...document, value, problems }
}

const isMapping = (value: unknown): value is Mapping =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** Their names begin so, and none of ours does: a slip of the finger in one is answered with theirs. */
const isTheirs = (key: string): boolean => /^(hudi|raw|table|glue)_/.test(key) || Object.hasOwn(odpSettings.shape, key)

function ofBlock(path: Path, block: Mapping, document: YamlDocument, problems: Problem[]): unknown {
  const theirs = Object.fromEntries(Object.entries(block).filter(([key]) => isTheirs(key)))
  const ours = Object.fromEntries(Object.entries(block).filter(([key]) => !isTheirs(key)))
  const read = odpSettings.safeParse(theirs, { error: expectation })
  if (!read.success) {
    const inside = read.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }))
    problems.push(...inside.flatMap((issue) => problemsOf(issue, document, () => Object.keys(odpSettings.shape))))
    return ours
  }
  const settings = settingsOf(read.data)
  for (const [key, setting] of Object.entries(TABLE_KEYS))
    if (Object.hasOwn(theirs, key) && setting !== null && isSaid(setting, ours))
      problems.push({
        code: 'TG1234',
        path: [...path, key],
        line: document.lineOf([...path, key]),
        message: `\`${pathText([...path, key])}\` is our \`${setting}\`, which is there too: keep one of them`,
      })
  return { ...settings, ...ours, ...targetOf(settings.target ?? {}, ours.target) }
}

/** What stands under `target` in the block, with what their keys add to it; as it is where that is no mapping. */
function targetOf(theirs: Mapping, ours: unknown): { target?: unknown } {
  if (ours !== undefined && !isMapping(ours)) return {}
  const properties =
    isMapping(theirs.properties) && isMapping(ours?.properties)
      ? { properties: { ...theirs.properties, ...ours.properties } }
      : {}
  const target = { ...theirs, ...ours, ...properties }
  return Object.keys(target).length > 0 || ours !== undefined ? { target } : {}
}

function isSaid(setting: string, block: Mapping): boolean {
  const target = isMapping(block.target) ? block.target : {}
  if (setting.startsWith('hoodie.')) return isMapping(target.properties) && Object.hasOwn(target.properties, setting)
  return setting.startsWith('target.') ? Object.hasOwn(target, setting.slice(7)) : Object.hasOwn(block, setting)
}
