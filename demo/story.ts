/** How the demo speaks: chapters, lines and hints on standard output. */
import pc from 'picocolors'
import { duration } from '../cli/lib/human.ts'

export const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Announces a chapter, runs it, and says how long it took. */
export async function chapter(number: number, title: string, work: () => Promise<void>): Promise<void> {
  say(`\n${pc.bold(pc.cyan(`${number}. ${title}`))}`)
  const started = Date.now()
  await work()
  say(pc.dim(`   (${duration(Date.now() - started)})`))
}

export function table(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  for (const [name, text] of rows) say(`${name.padEnd(width)}  ${text}`)
}

export const hint = (what: string, why: string): void => say(`  ${pc.cyan(what)}\n      ${why}`)

export const took = (ms: number): void => say(pc.bold(`\nThe demo took ${duration(ms)}.`))
