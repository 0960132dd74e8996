/** A verb that is one write of its table's item, at the command line. */
import { doVerb, type Preview, stateOf, type VerbPorts } from '../../shared/operate/table-verb.ts'
import { actIfAgreed } from './agreed-act.ts'
import type { ChangeOptions } from './confirm.ts'
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
  const facts = { from: stateOf(before), to: stateOf(after) }
  const change = facts.from === facts.to ? facts.to : `${facts.from} → ${facts.to}`
  const act = () => doVerb(preview, options.reason ?? null, ports)
  await actIfAgreed({ verb, table: before.raw_table_name, change, effects, facts, carryOut: act }, options, output)
}
