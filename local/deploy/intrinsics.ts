/**
 * Replaces every reference of a template by what it will be. All our resources have names that are known beforehand, so
 * that nothing is left to how well the emulator resolves, and what is deployed can be compared with what was asked for.
 */
import { EngineError } from '../../shared/errors.ts'
import type { Properties, Resource, Template } from './template.ts'

export interface Place {
  account: string
  region: string
  stackName: string
  /** Queue URLs begin with it. */
  endpoint: string
}

/** What `Ref` gives, and the attributes that `Fn::GetAtt` gives, of each type that the shipped template has. */
const identities: Record<string, (p: Properties, at: Place) => { ref: string; attributes: Record<string, string> }> = {
  'AWS::S3::Bucket': (p) => named(p.BucketName, { Arn: `arn:aws:s3:::${p.BucketName}` }),
  'AWS::DynamoDB::Table': (p, at) => named(p.TableName, { Arn: arn(at, 'dynamodb', `table/${p.TableName}`) }),
  'AWS::SQS::Queue': (p, at) => {
    const url = `${at.endpoint}/${at.account}/${p.QueueName}`
    return named(url, { Arn: arn(at, 'sqs', p.QueueName), QueueName: p.QueueName, QueueUrl: url })
  },
  'AWS::Events::Rule': (p, at) => named(p.Name, { Arn: arn(at, 'events', `rule/${p.Name}`) }),
  'AWS::IAM::Role': (p, at) => named(p.RoleName, { Arn: `arn:aws:iam::${at.account}:role/${p.RoleName}` }),
  'AWS::Lambda::Function': (p, at) => named(p.FunctionName, { Arn: arn(at, 'lambda', `function:${p.FunctionName}`) }),
  'AWS::Logs::LogGroup': (p, at) => named(p.LogGroupName, { Arn: arn(at, 'logs', `log-group:${p.LogGroupName}:*`) }),
  'AWS::Glue::Job': (p) => named(p.Name, {}),
  'AWS::Glue::Database': (p) => named(p.DatabaseInput?.Name, {}),
  'AWS::Scheduler::ScheduleGroup': (p, at) => named(p.Name, { Arn: arn(at, 'scheduler', `schedule-group/${p.Name}`) }),
  'AWS::StepFunctions::StateMachine': (p, at) => {
    const machine = arn(at, 'states', `stateMachine:${p.StateMachineName}`)
    return named(machine, { Arn: machine, Name: p.StateMachineName })
  },
}

const named = (ref: string, attributes: Record<string, string>) => ({ ref, attributes })
const arn = ({ region, account }: Place, service: string, rest: string): string =>
  `arn:aws:${service}:${region}:${account}:${rest}`

/** The template without references. What a resource referred to becomes its `DependsOn`. Throws TG5202 for what is unknown. */
export function resolveReferences(template: Template, at: Place): Template {
  const resources: Record<string, Resource> = {}
  for (const [id, resource] of Object.entries(template.Resources)) {
    const used = new Set([resource.DependsOn ?? []].flat())
    const Properties = new Resolver(template, at, used).value(resource.Properties, id) as Properties
    resources[id] = { ...resource, Properties, DependsOn: [...used].sort() }
  }
  const outputs = Object.entries(template.Outputs ?? {}).map(([name, { Value, Description }]) => {
    const Resolved = new Resolver(template, at, new Set()).value(Value, `Outputs.${name}`)
    return [name, { Value: Resolved, ...(Description === undefined ? {} : { Description }) }] as const
  })
  return { ...template, Resources: resources, Outputs: Object.fromEntries(outputs) }
}

class Resolver {
  readonly #template: Template
  readonly #at: Place
  readonly #used: Set<string>

  constructor(template: Template, at: Place, used: Set<string>) {
    this.#template = template
    this.#at = at
    this.#used = used
  }

  value(value: unknown, path: string): unknown {
    if (Array.isArray(value)) return value.map((item, index) => this.value(item, `${path}[${index}]`))
    if (typeof value !== 'object' || value === null) return value
    const [[name, argument] = ['', undefined], ...more] = Object.entries(value)
    if (more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return this.#intrinsic(name, argument, path)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.value(item, `${path}.${key}`)]))
  }

  #intrinsic(name: string, argument: unknown, path: string): unknown {
    if (name === 'Ref') return this.#reference(String(argument), undefined, path)
    if (name === 'Fn::GetAtt') {
      const [id, attribute] = Array.isArray(argument) ? argument : String(argument).split(/\.(.*)/s)
      return this.#reference(String(id), String(attribute), path)
    }
    if (name === 'Fn::Join' && Array.isArray(argument))
      return (this.value(argument[1], path) as unknown[]).map(String).join(String(argument[0]))
    if (name === 'Fn::Sub' && typeof argument === 'string')
      return argument
        .replace(/\$\{(?!!)([^}.]+)(?:\.([^}]+))?\}/g, (_, id, attribute) => this.#reference(id, attribute, path))
        .replaceAll('${!', '${')
    throw unresolved(`the function \`${name}\` in \`${path}\``)
  }

  #reference(id: string, attribute: string | undefined, path: string): string {
    const pseudo: Record<string, string> = {
      'AWS::AccountId': this.#at.account,
      'AWS::Region': this.#at.region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': this.#at.stackName,
    }
    if (attribute === undefined && pseudo[id] !== undefined) return pseudo[id]
    const resource = this.#template.Resources[id]
    const identity = resource && identities[resource.Type]
    if (!resource || !identity) throw unresolved(`\`${id}\` in \`${path}\``)
    this.#used.add(id)
    const { ref, attributes } = identity(this.value(namesOf(resource.Properties), id) as Properties, this.#at)
    const value = attribute === undefined ? ref : attributes[attribute]
    if (value === undefined)
      throw unresolved(`\`${id}${attribute === undefined ? '' : `.${attribute}`}\` in \`${path}\``)
    return value
  }
}

/** Only what identities are made of: the other properties may refer back. */
const namesOf = (properties: Properties): Properties =>
  Object.fromEntries(
    Object.entries(properties).filter(([key]) => key.endsWith('Name') || key === 'Name' || key === 'DatabaseInput'),
  )

const unresolved = (what: string): EngineError =>
  new EngineError(
    'TG5202',
    `the local cloud cannot resolve ${what} of the template. Teach local/deploy/intrinsics.ts its type, or give the resource a name.`,
  )
