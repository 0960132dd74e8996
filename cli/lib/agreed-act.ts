/** An act on one table at the command line: shown, agreed to, done. */
import pc from 'picocolors'
import { type ChangeOptions, confirmed } from './confirm.ts'
import type { Output } from './output.ts'

export interface TableAct {
  readonly verb: string
  readonly table: string
  /** The table's state, and what becomes of it; left out where that says nothing. */
  readonly change?: string
  /** What it comes to, in sentences. */
  readonly effects: readonly string[]
  /** More for `--json`. */
  readonly facts: object
  readonly carryOut: () => Promise<void>
}

/** Exit code 1 if nobody agreed. Throws what the act throws. */
export async function actIfAgreed(act: TableAct, options: ChangeOptions, output: Output): Promise<void> {
  const { verb, table, change, effects } = act
  const facts = { verb, table, ...act.facts, effects, dry_run: options.dryRun === true }
  if (options.dryRun) {
    output.result({ ...facts, changed: false }, () => {
      showEffects(act, output)
      output.line('dry run: nothing was changed')
    })
    return
  }
  if (!options.yes) output.note(`${table}: ${[...(change ? [change] : []), ...effects].join('; ')}`)
  const changed = await confirmed(`${verb} \`${table}\`?`, options)
  if (changed) await act.carryOut()
  else process.exitCode = 1
  output.result({ ...facts, changed }, () => (changed ? showEffects(act, output) : output.line('nothing was changed')))
}

export function showEffects(
  { table, change, effects }: Pick<TableAct, 'table' | 'change' | 'effects'>,
  output: Output,
): void {
  output.line(change ? `${pc.bold(table)}  ${change}` : pc.bold(table))
  for (const effect of effects) output.line(`  ${effect}`)
}
