/** `tidegate quarantine list | show | release | discard`: bad files that were put aside, and what becomes of them. */
import type { Command } from 'commander'
import pc from 'picocolors'
import type { SettledFile } from '../../shared/contracts/ledger.ts'
import {
  type DecisionPorts,
  discardFile,
  quarantinedFile,
  quarantinedFiles,
  refuseDiscarded,
  refuseWithoutObject,
  releaseFile,
} from '../../shared/operate/quarantine.ts'
import { tableStatuses } from '../../shared/status/table-status.ts'
import { addChangeOptions, confirmed } from '../lib/confirm.ts'
import { type Deployment, findDeployment } from '../lib/deployment.ts'
import { ago, plural, size } from '../lib/human.ts'
import type { Column, Output } from '../lib/output.ts'
import { auditPorts, type LedgerPorts, ledgerPorts } from '../lib/ports.ts'
import { reasonOption } from '../lib/reason-option.ts'
import type { VerbOptions } from '../lib/table-verb.ts'
import { tableNamed } from '../lib/which-table.ts'
import { type Globals, outputOf } from './globals.ts'

const FILE = 'its id, or the beginning of it, or its key'

export function addQuarantine(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('bad files that were put aside so that their table goes on without them')

  quarantine
    .command('list')
    .description('those that wait for a decision, oldest first')
    .argument('[table]', 'ledger name or schema.table; all of them without')
    .action(async (wanted: string | undefined, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const ledger = ledgerPorts(await findDeployment(globals, output))
      const rows = await tableStatuses(ledger)
      const tables = wanted === undefined ? rows.map(({ table }) => table) : [tableNamed(wanted, rows).table]
      const files = await quarantinedFiles(tables, ledger.files)
      output.result({ files }, () => list(files, output))
    })

  quarantine
    .command('show')
    .description('one of them, with what the job found wrong')
    .argument('<file>', FILE)
    .action(async (named: string, _: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const file = await found(named, ledgerPorts(await findDeployment(globals, output)))
      output.result(file, () => show(file, output))
    })

  const release = quarantine
    .command('release')
    .description('have it applied after all: it waits again, and goes with the next run')
    .argument('<file>', FILE)
    .addOption(reasonOption())
    .action((named: string, options: VerbOptions, command: Command) => decide('release', named, options, command))
  addChangeOptions(release)

  const discard = quarantine
    .command('discard')
    .description('give its changes up: they are never applied')
    .argument('<file>', FILE)
    .addOption(reasonOption().makeOptionMandatory())
    .action((named: string, options: VerbOptions, command: Command) => decide('discard', named, options, command))
  addChangeOptions(discard)
}

async function found(named: string, ledger: LedgerPorts): Promise<SettledFile> {
  const tables = (await tableStatuses(ledger)).map(({ table }) => table)
  return quarantinedFile(named, tables, ledger.files)
}

const verbs = {
  release: {
    effect: 'it waits again under its own id; the next claim takes it with the other waiting files',
    refuse: (file: SettledFile, ports: DecisionPorts) => refuseWithoutObject(file, ports.objects),
    act: (file: SettledFile, reason: string | undefined, ports: DecisionPorts) =>
      releaseFile(file, reason ?? null, ports),
  },
  discard: {
    effect: 'its changes are never applied, and it is no longer listed',
    refuse: async (file: SettledFile) => refuseDiscarded(file),
    act: (file: SettledFile, reason: string | undefined, ports: DecisionPorts) =>
      discardFile(file, reason ?? '', ports),
  },
} as const

async function decide(verb: keyof typeof verbs, named: string, options: VerbOptions, command: Command): Promise<void> {
  const globals = command.optsWithGlobals<Globals>()
  const output = outputOf(globals)
  const deployment = await findDeployment(globals, output)
  const ports = decisionPorts(deployment)
  const file = await found(named, ports)
  await verbs[verb].refuse(file, ports)
  const facts = {
    verb: `quarantine ${verb}`,
    table: file.source_table_name,
    file_id: file.file_id,
    effect: verbs[verb].effect,
  }
  if (options.dryRun) {
    output.result({ ...facts, dry_run: true, changed: false }, () => {
      show(file, output)
      output.line(`${pc.bold(verb.padEnd(13))}${facts.effect}\ndry run: nothing was changed`)
    })
    return
  }
  if (!options.yes) output.note(`${file.file_ingestion_path} of ${file.source_table_name}: ${facts.effect}`)
  const changed = await confirmed(`${verb} \`${file.file_id}\`?`, options)
  if (changed) await verbs[verb].act(file, options.reason, ports)
  else process.exitCode = 1
  output.result({ ...facts, dry_run: false, changed }, () =>
    output.line(changed ? `${file.file_ingestion_path}: ${facts.effect}` : 'nothing was changed'),
  )
}

const decisionPorts = (deployment: Deployment): DecisionPorts & LedgerPorts => ({
  ...ledgerPorts(deployment),
  ...auditPorts(deployment),
})

function list(files: readonly SettledFile[], output: Output): void {
  if (files.length === 0) {
    output.line('No quarantined file waits for a decision.')
    return
  }
  const now = Date.now()
  const columns: Column<SettledFile>[] = [
    { title: 'TABLE', value: (file) => file.source_table_name },
    { title: 'FILE', value: (file) => file.file_ingestion_path },
    { title: 'SIZE', value: (file) => size(file.bytes), right: true },
    { title: 'PUT', value: (file) => ago(file.put_at_s * 1000, now) },
    { title: 'STAGE', value: (file) => file.quarantine?.stage ?? '-' },
    { title: 'REASON', value: (file) => plain(file.quarantine?.reason ?? file.reason ?? '-') },
    { title: 'ID', value: (file) => `${file.file_id.slice(0, 24)}…` },
  ]
  output.table(files, columns)
  output.line(`\n${plural(files.length, 'file')}: \`tidegate quarantine show ID\`, then release or discard each`)
}

/** What the job says quotes the file, and a file may hold anything, also what commands a terminal. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')

function show(file: SettledFile, output: Output): void {
  const now = Date.now()
  const note = file.quarantine
  const rows = note?.rows.length ? note.rows.join(', ') : '-'
  const lines: [string, string][] = [
    ['file', `s3://${file.file_ingestion_s3_bucket}/${file.file_ingestion_path}`],
    ['id', file.file_id],
    ['table', file.source_table_name],
    ['size', size(file.bytes)],
    ['put', ago(file.put_at_s * 1000, now)],
    ['quarantined', `${ago(file.settled_at_ms, now)}, by run ${file.glue_job_run_id ?? '-'}`],
    ['stage', note?.stage ?? '-'],
    ['reason', plain(note?.reason ?? file.reason ?? '-')],
    ['detail', plain(note?.detail ?? '-')],
    ['rows', rows],
    ['error', note?.error_code ?? '-'],
    ['decision', note?.discarded_at_ms == null ? 'none yet' : `given up ${ago(note.discarded_at_ms, now)}`],
  ]
  for (const [name, value] of lines) output.line(`${pc.bold(name.padEnd(13))}${value}`)
}
