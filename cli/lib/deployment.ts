/** Finds the deployment that a command talks to: the outputs of the stack `tidegate-<stage>`, on AWS or on the local cloud. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { ConfigurationError, messageOf } from '../../shared/errors.ts'
import { runningHere } from './local-pointer.ts'
import type { Output } from './output.ts'

export interface Deployment {
  readonly cloud: 'local' | 'aws'
  readonly stage: string
  /** Name of the stack, and prefix of the functions' names. */
  readonly stack: string
  readonly stagingBucket: string
  readonly rawBucket: string
  readonly controlBucket: string
  readonly tablePrefix: string
  readonly stateMachineArn: string
  readonly scheduleGroup: string
  readonly glueJobName: string
  /** How long the ledger's history remembers a settled file. */
  readonly historyTtlMs: number
  /** Events on their way to the ledger. */
  readonly landingQueueUrl: string
  /** Every dead-letter queue, by what it is of. */
  readonly deadLetterQueues: ReadonlyArray<{ readonly name: string; readonly url: string }>
}

export interface Target {
  /** Talk to AWS even though a local cloud runs in this folder. */
  readonly aws?: boolean
  readonly stage?: string
}

/**
 * Decides where AWS calls of this process go: `AWS_ENDPOINT_URL` if set, else the local cloud of this folder if one runs,
 * else AWS. Says so when it is the local cloud.
 */
export function chooseCloud(target: Target, output: Output): 'local' | 'aws' {
  if (target.aws) return 'aws'
  if (process.env.AWS_ENDPOINT_URL) return 'local'
  const here = runningHere()
  if (!here) return 'aws'
  Object.assign(process.env, here.env)
  output.note(`using the local cloud at ${here.endpoint}`)
  return 'local'
}

/** Throws ConfigurationError TG1501 when nothing is deployed under that stage, or when nobody answers. */
export async function findDeployment(target: Target, output: Output): Promise<Deployment> {
  const cloud = chooseCloud(target, output)
  const stage = target.stage ?? (cloud === 'local' ? 'local' : 'dev')
  const stack = `tidegate-${stage}`
  const outputs = await stackOutputs(stack, cloud)
  const needed = (name: string): string => {
    const value = outputs.get(name)
    if (value === undefined)
      throw new ConfigurationError('TG1502', `the stack \`${stack}\` has no output \`${name}\`. Deploy this version.`)
    return value
  }
  return {
    cloud,
    stage,
    stack,
    stagingBucket: needed('StagingBucketName'),
    rawBucket: needed('RawBucketName'),
    controlBucket: needed('ControlBucketName'),
    tablePrefix: needed('TablePrefix'),
    stateMachineArn: needed('FileProcessorArn'),
    scheduleGroup: needed('ScheduleGroupName'),
    glueJobName: needed('GlueJobName'),
    historyTtlMs: Number(needed('HistoryTtlDays')) * 86_400_000,
    landingQueueUrl: needed('FileManagerQueueUrl'),
    deadLetterQueues: [...outputs]
      .filter(([name]) => name.endsWith('DlqUrl'))
      .map(([name, url]) => ({ name: name.replace(/DlqUrl$/, ''), url })),
  }
}

async function stackOutputs(stack: string, cloud: 'local' | 'aws'): Promise<Map<string, string>> {
  const client = new CloudFormationClient({})
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }))
    return new Map((Stacks?.[0]?.Outputs ?? []).map((o) => [o.OutputKey ?? '', o.OutputValue ?? '']))
  } catch (error) {
    const next =
      cloud === 'local'
        ? 'Start the local cloud with `tidegate local up`.'
        : 'Deploy with `npx osls deploy --stage …`, name the stage with --stage, or start a local cloud with `tidegate local up`.'
    throw new ConfigurationError('TG1501', `the stack \`${stack}\` can't be read (${messageOf(error)}). ${next}`, {
      cause: error,
    })
  } finally {
    client.destroy()
  }
}
