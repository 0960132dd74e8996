/** A configured value as one line. */
import { shown } from '../../shared/files/shown.ts'

/** Texts as they are, all else as JSON; `-` where there is nothing. */
export function settingText(value: unknown): string {
  if (value === null || value === undefined) return '-'
  return shown(typeof value === 'string' && value !== '' ? value : JSON.stringify(value))
}
