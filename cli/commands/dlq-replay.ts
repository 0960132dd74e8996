/** `tidegate dlq replay`: letters go back the way they came; twice, or beside the original, is harmless. */
import type { Command } from 'commander'
import pc from 'picocolors'
import { choose, giveBack, type Letter } from '../../shared/dead-letters/choose.ts'
import { type Replayed, type ReplayPorts, replay, replayAll } from '../../shared/dead-letters/replay.ts'
import { audited } from '../../shared/operate/audit.ts'
import { addChangeOptions, type ChangeOptions, confirmed } from '../lib/confirm.ts'
import {
  assertFound,
  deadLetterPorts,
  MOST_LETTERS,
  type Selection,
  showLetters,
  summaryOf,
  targetOf,
  wantedOf,
} from '../lib/dead-letters.ts'
import { findDeployment } from '../lib/deployment.ts'
import { plural } from '../lib/human.ts'
import type { Output } from '../lib/output.ts'
import { auditPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import { type Globals, outputOf } from './globals.ts'

interface ReplayOptions extends Selection, ChangeOptions {
  readonly reason?: string
}

export function addDlqReplay(dlq: Command): void {
  const command = dlq
    .command('replay')
    .description('send letters again: events to the file manager, starts to the state machine')
    .argument('[ids...]', 'as `dlq list` shows them')
    .option('--all', 'every letter of every queue; whole queues by the redrive of SQS where it has one')
    .option('--table <table>', 'events of this table: ledger name or schema.table')
    .addOption(reasonOption())
    .action(async (ids: string[], options: ReplayOptions, self: Command) => {
      const globals = self.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const wanted = wantedOf(ids, options)
      const deployment = await findDeployment(globals, output)
      const ports = deadLetterPorts(deployment)
      const act = { verb: 'dlq replay', target: targetOf(ids, options), reason: options.reason ?? null }
      const audit = auditPorts(deployment)
      const done = (work: () => Promise<Replayed>) =>
        audited(act, audit, async (note) => {
          const result = await work()
          note({ replayed: result.replayed, stayed: result.stayed })
          return result
        })
      if (wanted === 'all') await everything(options, ports, output, done)
      else await some(ids, wanted, options, ports, output, done)
    })
  addChangeOptions(command)
}

type Done = (work: () => Promise<Replayed>) => Promise<Replayed>

async function everything(options: ReplayOptions, ports: ReplayPorts, output: Output, done: Done): Promise<void> {
  const depths = await Promise.all(ports.queues.map(async (queue) => ({ queue: queue.name, ...(await queue.depth()) })))
  const about = depths.map(({ queue, waiting, hidden }) => `${queue} ${waiting + hidden}`).join(', ')
  if (options.dryRun) {
    output.result({ dry_run: true, queues: depths }, () => output.line(`would replay about: ${about}`))
    return
  }
  if (!(await confirmed(`replay every dead letter (about: ${about})?`, options))) return notDone(output)
  show(await done(() => replayAll(ports)), output)
}

async function some(
  ids: readonly string[],
  wanted: (letter: Letter) => boolean,
  options: ReplayOptions,
  ports: ReplayPorts,
  output: Output,
  done: Done,
): Promise<void> {
  const chosen = await choose(wanted, MOST_LETTERS, ports)
  const { letters, more } = chosen
  try {
    assertFound(ids, chosen)
    if (options.dryRun) {
      output.result({ dry_run: true, letters: letters.map(summaryOf), more }, () => {
        output.line(`would replay ${plural(letters.length, 'letter')}`)
        if (letters.length > 0) showLetters(letters, output)
      })
      return
    }
    if (letters.length === 0) return show({ replayed: 0, stayed: 0, reasons: [] }, output)
    if (!(await confirmed(`replay ${plural(letters.length, 'dead letter')}?`, options))) return notDone(output)
    show(await done(() => replay(letters, ports)), output)
    if (more) output.note(`there are more than ${MOST_LETTERS}: replay again`)
  } finally {
    await giveBack(letters) // those that were replayed are gone, and left alone
  }
}

function notDone(output: Output): void {
  output.note('nothing was changed')
  process.exitCode = 1
}

/** Exit code 1 if a letter stayed. */
function show(result: Replayed, output: Output): void {
  output.result(result, () => {
    output.line(`replayed ${plural(result.replayed, 'letter')}`)
    if (result.stayed > 0) output.line(pc.red(`${plural(result.stayed, 'letter')} stayed:`))
    for (const { reason } of result.reasons) output.line(`  ${reason}`)
  })
  if (result.stayed > 0) process.exitCode = 1
}
