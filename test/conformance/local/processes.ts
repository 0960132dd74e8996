/** Looks at the processes below one, as the kernel shows them: what was started, and whether it is gone. */
import { readdirSync, readFileSync } from 'node:fs'

const statOf = (pid: number | string): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')

/** Ended; a zombie counts, since whoever should collect it may have been killed. */
export function isGone(pid: number): boolean {
  try {
    return statOf(pid)[0] === 'Z'
  } catch {
    return true
  }
}

/** The command line of a process, empty when it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** Process ids below one, at any depth. */
export function descendants(of: number): number[] {
  const parents = readdirSync('/proc').flatMap((pid): [number, number][] => {
    try {
      return /^\d+$/.test(pid) ? [[Number(pid), Number(statOf(pid)[1])]] : []
    } catch {
      return []
    }
  })
  const below = (parent: number): number[] =>
    parents.flatMap(([pid, of]) => (of === parent ? [pid, ...below(pid)] : []))
  return below(of)
}
