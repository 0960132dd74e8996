/** Turns the template for AWS into what the local cloud deploys: same resources, each with who holds it here. */
import { createHash } from 'node:crypto'
import { adaptZip, localRuntime } from '../lambda-runtime/adapt.ts'
import { type Place, resolveReferences } from './intrinsics.ts'
import type { Package } from './package.ts'
import { ofType, type Properties, type Resource, type Template } from './template.ts'

export interface LocalDeployment {
  /** What was asked for, without references: what is read back is compared with it. */
  readonly asked: Template
  /** The part that the emulator's CloudFormation creates. */
  readonly stack: Template
  readonly bucket: string
  /** Objects of the deployment bucket. */
  readonly artifacts: readonly { key: string; bytes: Uint8Array }[]
}

/** Types that our engines hold: created by their own API, at the gateway. */
const engineTypes = new Set([
  'AWS::StepFunctions::StateMachine',
  'AWS::Scheduler::Schedule',
  'AWS::Lambda::EventSourceMapping',
])
/** Nothing measures metrics here, so an alarm would never ring. */
const absentTypes = new Set(['AWS::CloudWatch::Alarm'])

/** Resolves, adapts the functions, and splits the template. */
export function localDeployment(made: Package, at: Place): LocalDeployment {
  const template = structuredClone(made.template)
  const bucket = `${at.stackName}-deployment-${at.account}-${at.region}`
  for (const [id, resource] of Object.entries(template.Resources)) {
    resource.Properties ??= {}
    if (resource.Type === 'AWS::IAM::Role') resource.Properties.RoleName ??= `${at.stackName}-${id}`
    if (id === 'ServerlessDeploymentBucket') resource.Properties.BucketName = bucket
  }
  const artifacts: { key: string; bytes: Uint8Array }[] = []
  for (const [, { Properties }] of ofType(template, 'AWS::Lambda::Function'))
    artifacts.push(adaptFunction(Properties, made, at))
  const asked = resolveReferences(template, at)
  for (const [, { Properties }] of ofType(asked, 'AWS::Glue::Job')) artifacts.push(...jobArtifacts(Properties, made))
  return { asked, stack: emulatorsPart(asked), bucket, artifacts }
}

/** Gives the function the local runtime, and its zip a key that changes with its content. */
function adaptFunction(properties: Properties, made: Package, at: Place): { key: string; bytes: Uint8Array } {
  const name = String(properties.Code.S3Key).split('/').at(-1) ?? ''
  const bytes = adaptZip(made.zip(name))
  const key = `functions/${digest(bytes)}/${name}`
  properties.Code = { S3Bucket: properties.Code.S3Bucket, S3Key: key }
  properties.Runtime = localRuntime
  properties.Architectures = [process.arch === 'arm64' ? 'arm64' : 'x86_64']
  properties.Environment.Variables.AWS_ENDPOINT_URL = at.endpoint
  return { key, bytes }
}

function jobArtifacts(properties: Properties, made: Package): { key: string; bytes: Uint8Array }[] {
  const uris = [properties.Command.ScriptLocation, properties.DefaultArguments['--extra-py-files']].map(String)
  return uris.map((uri) => {
    const key = new URL(uri).pathname.slice(1)
    return { key, bytes: made.jobFile(key.split('/').at(-1) ?? '') }
  })
}

/** Without what our engines hold, and without the deployment bucket, which must be there before the stack. */
function emulatorsPart(asked: Template): Template {
  const kept = (id: string, { Type }: Resource): boolean =>
    !engineTypes.has(Type) && !absentTypes.has(Type) && !id.startsWith('ServerlessDeploymentBucket')
  const Resources = Object.fromEntries(Object.entries(asked.Resources).filter(([id, resource]) => kept(id, resource)))
  for (const resource of Object.values(Resources))
    resource.DependsOn = [resource.DependsOn ?? []].flat().filter((id) => id in Resources)
  return { ...asked, Resources }
}

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32)
