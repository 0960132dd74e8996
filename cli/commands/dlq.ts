/** `tidegate dlq`: what could not be delivered, over all dead-letter queues: look, send again, throw away. */
import type { Command } from 'commander'
import pc from 'picocolors'
import { choose, giveBack } from '../../shared/dead-letters/choose.ts'
import { redacted } from '../../shared/dead-letters/redact.ts'
import { assertFound, deadLetterPorts, MOST_LETTERS, showLetters, summaryOf } from '../lib/dead-letters.ts'
import { findDeployment } from '../lib/deployment.ts'
import { plural } from '../lib/human.ts'
import { limitOption } from '../lib/limit-option.ts'
import { addDlqDiscard } from './dlq-discard.ts'
import { addDlqReplay } from './dlq-replay.ts'
import { type Globals, outputOf } from './globals.ts'

export function addDlq(program: Command): void {
  const dlq = program.command('dlq').description('dead letters: events and starts that could not be delivered')
  addList(dlq)
  addShow(dlq)
  addDlqReplay(dlq)
  addDlqDiscard(dlq)
}

function addList(dlq: Command): void {
  dlq
    .command('list')
    .description('the letters of every queue: what they are about, and why they died as far as that can be told')
    .addOption(limitOption('letters to show', 50))
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const ports = deadLetterPorts(await findDeployment(globals, output))
      const { letters, more } = await choose(() => true, limit, ports)
      await giveBack(letters)
      const queues = await Promise.all(
        ports.queues.map(async (queue) => ({ queue: queue.name, ...(await queue.depth()) })),
      )
      output.result({ letters: letters.map(summaryOf), more, queues }, () => {
        if (letters.length === 0) output.line('no dead letters')
        else showLetters(letters, output)
        if (more) output.line(pc.yellow(`and more (--limit): ${queues.map(depthText).join(', ')}`))
      })
    })
}

const depthText = ({ queue, waiting, hidden }: { queue: string; waiting: number; hidden: number }): string =>
  `${queue} about ${waiting + hidden}`

function addShow(dlq: Command): void {
  dlq
    .command('show')
    .description('one letter with its payload, redacted')
    .argument('<id>', 'as `dlq list` shows it')
    .option('--raw', 'the payload as it is: who put the object, from where, and all that others sent')
    .action(async (id: string, { raw }: { raw?: boolean }, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const ports = deadLetterPorts(await findDeployment(globals, output))
      const chosen = await choose((letter) => letter.id === id, MOST_LETTERS, ports)
      await giveBack(chosen.letters)
      assertFound([id], chosen)
      for (const letter of chosen.letters.slice(0, 1)) {
        const payload = raw ? letter.body : redacted(letter.body)
        const facts = { ...summaryOf(letter), ...(raw ? { attributes: letter.attributes } : {}), payload }
        output.result(facts, () => {
          showLetters([letter], output)
          if (raw) output.line(`\nattributes ${JSON.stringify(letter.attributes, null, 2)}`)
          output.line(
            `\n${plural(letter.body.length, 'character')} of payload${raw ? '' : ', redacted (--raw shows it)'}`,
          )
          output.line(raw ? letter.body : JSON.stringify(payload, null, 2))
        })
      }
    })
}
