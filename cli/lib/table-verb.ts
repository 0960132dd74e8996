/** A verb on one table at the command line: shown, agreed to, done. */
import pc from 'picocolors'
import { doVerb, type Preview, stateOf, type VerbPorts } from '../../shared/operate/table-verb.ts'
import { type ChangeOptions, confirmed } from './confirm.ts'
import type { Output } from './output.ts'

export interface VerbOptions extends ChangeOptions {
  readonly reason?: string
}

/** Exit code 1 if nobody agreed. Throws what the verb throws. */
export async function carryOut(
  preview: Preview,
  options: VerbOptions,
  output: Output,
  ports: VerbPorts,
): Promise<void> {
  const { verb, before, after, effects } = preview
  const table = before.raw_table_name
  const facts = { verb, table, from: stateOf(before), to: stateOf(after), effects, dry_run: options.dryRun === true }
  const change = facts.from === facts.to ? facts.to : `${facts.from} → ${facts.to}`
  const tell = () => {
    output.line(`${pc.bold(table)}  ${change}`)
    for (const effect of effects) output.line(`  ${effect}`)
  }
  if (options.dryRun) {
    output.result({ ...facts, changed: false }, () => {
      tell()
      output.line('dry run: nothing was changed')
    })
    return
  }
  if (!options.yes) output.note(`${table}: ${change}; ${effects.join('; ')}`)
  const changed = await confirmed(`${verb} \`${table}\`?`, options)
  if (changed) await doVerb(preview, options.reason ?? null, ports)
  else process.exitCode = 1
  output.result({ ...facts, changed }, () => (changed ? tell() : output.line('nothing was changed')))
}
