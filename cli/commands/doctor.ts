/** `tidegate doctor`: what is there, what is wrong, and how to mend it. */
import type { Command } from 'commander'
import pc from 'picocolors'
import { messageOf, TidegateError } from '../../shared/errors.ts'
import { chooseCloud, findDeployment } from '../lib/deployment.ts'
import { deployedFindings } from '../lib/doctor/deployed.ts'
import { type Finding, fail, ok, warn } from '../lib/doctor/finding.ts'
import { machineFindings } from '../lib/doctor/machine.ts'
import { number } from '../lib/human.ts'
import type { Output } from '../lib/output.ts'
import { type Globals, outputOf } from './globals.ts'

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'check this machine and the deployment; says how to mend what is wrong, and exits with 1 if something fails',
    )
    .action(async (_: unknown, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      const findings = [...(await machineFindings()), ...(await deployment(globals, output))]
      const count = (state: Finding['state']): number => findings.filter((finding) => finding.state === state).length
      output.result({ healthy: count('fail') === 0, findings }, () => {
        for (const finding of findings) show(finding, output)
        output.line(`\n${number(count('ok'))} ok, ${number(count('warn'))} to look at, ${number(count('fail'))} failed`)
      })
      if (count('fail') > 0) process.exitCode = 1
    })
}

/** Nothing deployed is a failure only for who asked for a deployment, or has a local cloud. */
async function deployment(globals: Globals, output: Output): Promise<Finding[]> {
  const about = 'deployment'
  const asked = globals.aws === true || globals.stage !== undefined || chooseCloud(globals, output) === 'local'
  if (!asked)
    return [
      warn(
        about,
        'not looked at: no local cloud runs here',
        '`tidegate local up`, or name a deployment with --aws or --stage',
      ),
    ]
  try {
    const found = await findDeployment(globals, output)
    return [ok(about, `stack tidegate-${found.stage}`), ...(await deployedFindings(found))]
  } catch (error) {
    if (!(error instanceof TidegateError)) throw error
    return [fail(about, 'not found', messageOf(error))]
  }
}

const marks = { ok: pc.green('ok  '), warn: pc.yellow('warn'), fail: pc.red('fail') } as const

function show({ about, state, says, mend }: Finding, output: Output): void {
  output.line(`${marks[state]}  ${about.padEnd(13)} ${says}`)
  if (mend !== null) output.line(`${' '.repeat(20)}${pc.bold('→')} ${mend}`)
}
