/** What the validators say of the packaged template and its state machine, less what is known to be wrong with the validators. */
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { filled } from '../local/deploy/kinds/step-functions.ts'
import { ofType, type Template } from '../local/deploy/template.ts'
import { ROOT } from './places.ts'

/** It brings no types. */
type AslValidator = (
  definition: unknown,
  options: { checkArn: boolean },
) => { isValid: boolean; errorsText(separator: string): string }
const aslValidator = createRequire(import.meta.url)('asl-validator') as AslValidator

interface LintFinding {
  readonly Rule: { readonly Id: string }
  readonly Message: string
}

/** Findings of cfn-lint that we accept, each with its reason. One that no longer occurs is reported, so that it goes. */
const accepted: readonly { id: string; message: RegExp; reason: string }[] = [
  {
    id: 'W3005',
    message: /dependency already enforced by a 'GetAtt' at 'Resources\/\w+LambdaFunction\/Properties\/Role'/,
    reason: 'osls writes the dependency on a role twice',
  },
  {
    id: 'E3601',
    message: /^'\{% \$manifest\.max_concurrency %\}' is not of type 'number' at 'States\/EachBatch\/MaxConcurrency'$/,
    reason: 'JSONata may stand for the number, which cfn-lint 1.58.0 does not know',
  },
]

/** Lines for what cfn-lint finds in the template file, accepted findings left out. */
export async function lintFindings(template: string): Promise<string[]> {
  const lint = join(ROOT, '.venv', 'bin', 'cfn-lint')
  const args = ['--format', 'json', '--regions', 'us-east-1', 'eu-central-1', '--', template]
  // Exit code 2 and above: it found something; what it found is on stdout.
  const { stdout, stderr } = await promisify(execFile)(lint, args, { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { stdout?: string; stderr?: string }) => ({
      stdout: error.stdout ?? '',
      stderr: error.stderr ?? String(error),
    }),
  )
  if (stdout.trim() === '') return [`cfn-lint said nothing that can be read: ${stderr.slice(-500)}`]
  return judged(JSON.parse(stdout) as LintFinding[])
}

/** Findings that are not accepted, and accepted ones that do not occur. */
export function judged(findings: readonly LintFinding[]): string[] {
  const isAccepted = (finding: LintFinding, { id, message }: (typeof accepted)[number]): boolean =>
    finding.Rule.Id === id && message.test(finding.Message)
  const open = findings.filter((finding) => !accepted.some((exception) => isAccepted(finding, exception)))
  const unused = accepted.filter((exception) => !findings.some((finding) => isAccepted(finding, exception)))
  return [
    ...open.map(({ Rule, Message }) => `cfn-lint ${Rule.Id}: ${Message}`),
    ...unused.map(({ id, reason }) => `cfn-lint ${id} no longer occurs (${reason}): take the exception out`),
  ]
}

/** Lines for what asl-validator finds in a definition with its placeholders filled in. */
export function definitionFindings(definition: string): string[] {
  const left = definition.match(/\$\{\w+\}/g) ?? []
  const { isValid, errorsText } = aslValidator(JSON.parse(definition), { checkArn: true })
  return [
    ...left.map((placeholder) => `the definition's \`${placeholder}\` has no substitution`),
    ...(isValid ? [] : [`asl-validator: ${errorsText('\n')}`]),
  ]
}

/** Definitions of every state machine of the template, with an ARN for each substitution. */
export const definitionsOf = (template: Template): string[] =>
  ofType(template, 'AWS::StepFunctions::StateMachine').map(([, { Properties }]) =>
    filled({
      DefinitionString: Properties.DefinitionString,
      DefinitionSubstitutions: Object.fromEntries(
        Object.keys(Properties.DefinitionSubstitutions ?? {}).map((name) => [
          name,
          `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
        ]),
      ),
    }),
  )
