/** A payload as it may be shown: what operators need to recognise it, and nothing of who put it or what else was sent. */
import { createHash } from 'node:crypto'
import { jsonOf } from '../documents.ts'

/** Paths that are shown; all else is told by its kind. */
const shownPaths = new Set([
  'id',
  'source',
  'detail-type',
  'time',
  'region',
  'detail.bucket.name',
  'detail.object.key',
  'detail.object.size',
  'detail.object.etag',
  'detail.reason',
  'StateMachineArn',
  'Name',
])

/** JSON with values hidden, or a word about what is no JSON object. Never part of a hidden value. */
export function redacted(body: string): unknown {
  const parsed = jsonOf(body)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return hidden(parsed, '')
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return `<${body.length} characters, sha256 ${digest}…>`
}

/** Names of fields are strangers' too: those that we don't know are counted. */
function hidden(value: object, path: string): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  let others = 0
  for (const [name, inner] of Object.entries(value)) {
    const here = path === '' ? name : `${path}.${name}`
    if (shownPaths.has(here) && (typeof inner === 'string' || typeof inner === 'number')) result[name] = inner
    else if (isPrefix(here) && typeof inner === 'object' && inner !== null) result[name] = hidden(inner, here)
    else others += 1
  }
  if (others > 0) result['…'] = `<${others} hidden>`
  return result
}

const isPrefix = (path: string): boolean => [...shownPaths].some((shown) => shown.startsWith(`${path}.`))
