/** Reads every deployed resource back and compares it with what the template asks for; puts what is missing, then looks again. */
import { EngineError } from '../../shared/errors.ts'
import type { Kind } from './kinds/kind.ts'
import type { Properties, Resource } from './template.ts'

/** What existed with other properties than asked for: by logical id, the paths that were put. */
export type Repairs = ReadonlyMap<string, readonly string[]>

/**
 * Goes through the resources in the order of their dependencies. Throws TG5204 with every property that is still not as
 * asked for after it was put through its own API, and for a type or property that nobody reads back.
 */
export async function settle(resources: Record<string, Resource>, kinds: Record<string, Kind>): Promise<Repairs> {
  const repairs = new Map<string, readonly string[]>()
  const failed: string[] = []
  for (const level of levels(resources)) {
    await Promise.all(
      level.map(async ([id, { Type, Properties: asked }]) => {
        const kind = kinds[Type]
        if (kind === undefined) return void failed.push(`${id}: nobody reads back a \`${Type}\``)
        const found = await kind.read(asked)
        const first = differences(asked, found)
        if (first.length === 0) return
        await kind.put?.(asked, found, [...new Set(first.map((path) => path.split(/[.[]/)[0] ?? path))])
        if (found !== undefined) repairs.set(id, first)
        const left = differences(asked, await kind.read(asked))
        failed.push(...left.map((path) => `${id} (${Type}): \`${path}\``))
      }),
    )
  }
  if (failed.length === 0) return repairs
  const list = failed.sort().map((line) => `  ${line}`)
  throw new EngineError(
    'TG5204',
    `the local cloud does not hold what was deployed:\n${list.join('\n')}\nTeach local/deploy/kinds/ to put it, or to leave it out with a reason.`,
  )
}

/** Paths of what is asked for and not found; what is found beyond that is of no interest. */
export function differences(asked: unknown, found: unknown, path = ''): string[] {
  if (Array.isArray(asked)) {
    if (!Array.isArray(found) || found.length !== asked.length) return [path]
    return asked.flatMap((item, index) => differences(item, found[index], `${path}[${index}]`))
  }
  if (typeof asked === 'object' && asked !== null) {
    const fields = typeof found === 'object' && found !== null ? (found as Properties) : {}
    return Object.entries(asked).flatMap(([key, value]) =>
      differences(value, fields[key], path === '' ? key : `${path}.${key}`),
    )
  }
  return asked === found ? [] : [path]
}

/** Resources in waves: each depends only on earlier ones. */
function levels(resources: Record<string, Resource>): [string, Resource][][] {
  const waves: [string, Resource][][] = []
  const done = new Set<string>()
  let left = Object.entries(resources)
  while (left.length > 0) {
    const ready = left.filter(([, { DependsOn }]) =>
      [DependsOn ?? []].flat().every((id) => done.has(id) || !(id in resources)),
    )
    if (ready.length === 0)
      throw new EngineError(
        'TG5205',
        `the resources \`${left.map(([id]) => id).join('`, `')}\` depend on each other in a circle. Name one of them instead of referring to it.`,
      )
    waves.push(ready)
    for (const [id] of ready) done.add(id)
    left = left.filter(([id]) => !done.has(id))
  }
  return waves
}
