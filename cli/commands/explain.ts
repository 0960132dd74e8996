/** `tidegate explain FILE|TABLE`: why is this not in the table yet? The whole story in order, and the next action. */
import type { Command } from 'commander'
import pc from 'picocolors'
import { sourcesFrom } from '../../shared/landing/sources.ts'
import { holderOf } from '../../shared/operate/evidence.ts'
import { explainFile, placeOf } from '../../shared/operate/explain/explain-file.ts'
import { explainTable } from '../../shared/operate/explain/explain-table.ts'
import type { ExplainPorts } from '../../shared/operate/explain/ports.ts'
import type { Step, Story } from '../../shared/operate/explain/story.ts'
import { systemClock } from '../../shared/ports/clock.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { holderPorts } from '../lib/holder-ports.ts'
import { ago } from '../lib/human.ts'
import type { Output } from '../lib/output.ts'
import { type LedgerPorts, ledgerPorts, schedulesOf } from '../lib/ports.ts'
import { queuesOf } from '../lib/queues.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('why is this not in the table yet: the whole story in order, from event to snapshot, and what to do')
    .argument('<what>', 'a file (s3://bucket/key, or a key of the staging bucket), or a table')
    .action(async (what: string, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const deployment = await findDeployment(globals, output)
      const ledger = ledgerPorts(deployment)
      const ports = explainPorts(deployment, ledger)
      // No table's name has a slash, and every data file's key has one.
      const story = what.includes('/')
        ? await explainFile(placeOf(what, deployment.stagingBucket), ports)
        : await explainTable(tableNamed(what, await tableStatuses(ledger)).table, ports)
      output.result(story, () => show(story, output))
    })
}

function explainPorts(deployment: Deployment, ledger: LedgerPorts): ExplainPorts {
  return {
    ...ledger,
    clock: systemClock,
    stagingBucket: deployment.stagingBucket,
    schedules: schedulesOf(deployment),
    sources: sourcesFrom(ledger.objects, deployment.controlBucket, systemClock),
    queues: async () => {
      const { events_on_their_way, dead_letters } = await queuesOf(deployment)
      return { on_their_way: events_on_their_way, dead: dead_letters.reduce((sum, { messages }) => sum + messages, 0) }
    },
    evidence: (item) => holderOf(item, holderPorts(deployment)),
  }
}

const marks: Record<Step['state'], string> = {
  done: pc.green('ok'),
  waits: pc.yellow('waits'),
  stuck: pc.red('stuck'),
  ended: pc.red('ended'),
}

function show(story: Story, output: Output): void {
  const now = Date.now()
  output.line(pc.bold([story.file, story.table].filter((name) => name !== null).join(' → ')))
  output.line(story.answer)
  output.line()
  output.table(story.steps, [
    { title: 'STATE', value: (step) => marks[step.state] },
    { title: 'STAGE', value: (step) => step.stage },
    { title: 'WHEN', value: (step) => ago(step.at_ms, now) },
    { title: 'WHAT', value: (step) => step.says },
  ])
  output.line()
  output.line(`${pc.bold('next')}  ${story.next_action}`)
}
