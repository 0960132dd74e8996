/** Fails if the packaged template or its state machine is not clean under cfn-lint and asl-validator. */
import { join } from 'node:path'
import { packageService } from '../../local/deploy/package.ts'
import { definitionFindings, definitionsOf, lintFindings } from '../cloud-templates.ts'

const { directory, template } = await packageService({ stage: 'dev', log: console.log })
const definitions = definitionsOf(template)
const found = [
  ...(await lintFindings(join(directory, 'cloudformation-template-update-stack.json'))),
  ...definitions.flatMap(definitionFindings),
  ...(definitions.length > 0 ? [] : ['the template has no state machine: is state-machine.cjs included?']),
]
const resources = Object.keys(template.Resources).length
console.log(
  found.length > 0 ? found.join('\n') : `${resources} resources, ${definitions.length} state machine, nothing found`,
)
process.exitCode = found.length > 0 ? 1 : 0
