/** An act on one table at the command line that is more than one write of its item: shown, agreed to, done. */
import pc from 'picocolors'
import { confirmed } from './confirm.ts'
import type { Output } from './output.ts'
import type { VerbOptions } from './table-verb.ts'

export interface TableAct {
  readonly verb: string
  readonly table: string
  /** What it comes to, in sentences. */
  readonly effects: readonly string[]
  /** More for `--json`. */
  readonly facts: object
  readonly carryOut: () => Promise<void>
}

/** Exit code 1 if nobody agreed. Throws what the act throws. */
export async function actIfAgreed(act: TableAct, options: VerbOptions, output: Output): Promise<void> {
  const { verb, table, effects } = act
  const facts = { verb, table, effects, ...act.facts, dry_run: options.dryRun === true }
  if (options.dryRun) {
    output.result({ ...facts, changed: false }, () => {
      showEffects(act, output)
      output.line('dry run: nothing was changed')
    })
    return
  }
  if (!options.yes) output.note(`${table}: ${effects.join('; ')}`)
  const changed = await confirmed(`${verb} \`${table}\`?`, options)
  if (changed) await act.carryOut()
  else process.exitCode = 1
  output.result({ ...facts, changed }, () => (changed ? showEffects(act, output) : output.line('nothing was changed')))
}

export function showEffects({ table, effects }: Pick<TableAct, 'table' | 'effects'>, output: Output): void {
  output.line(pc.bold(table))
  for (const effect of effects) output.line(`  ${effect}`)
}
