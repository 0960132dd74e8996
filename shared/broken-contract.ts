/** What is wrong with a document, item or input that breaks its contract. Its names and values are strangers', and as many as they like. */
import type { z } from 'zod'
import { shown } from './files/shown.ts'

const MOST = 5

/** `field.path: message; …`: at most five complaints, each cut and without signs that steer a terminal. `whole` is what the document itself is called. */
export function complaintsOf({ issues }: z.ZodError, whole: string): string {
  const told = issues.slice(0, MOST).map(({ path, message }) => {
    const where = path.map((part) => shown(String(part))).join('.')
    return `\`${shown(where) || whole}\`: ${shown(message)}`
  })
  if (issues.length > MOST) told.push(`${issues.length - MOST} more`)
  return told.join('; ')
}
