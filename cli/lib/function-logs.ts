/** What the functions of a local cloud have written, from its CloudWatch Logs. */
import { CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { EngineError, messageOf } from '../../shared/errors.ts'
import type { RunningCloud } from './local-pointer.ts'
import { functionLines, type LogLine } from './log-lines.ts'

const groupOf = '/aws/lambda/'
const stack = 'tidegate-local-'

export interface FunctionLogs {
  /** Names of functions without the stack's: `claim-batch`. */
  names(): Promise<string[]>
  /** The last lines of one function, oldest first. */
  lines(name: string, last: number): Promise<LogLine[]>
  /** Ends the connections. */
  close(): void
}

/** Its operations throw EngineError TG5608 when the logs can't be read. */
export function functionLogsOf({ endpoint, env }: RunningCloud): FunctionLogs {
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' }
  const client = new CloudWatchLogsClient({ endpoint, region: env.AWS_REGION ?? '', credentials })
  const read = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      const why = `the functions' logs of the local cloud at \`${endpoint}\` can't be read (${messageOf(cause)})`
      throw new EngineError('TG5608', `${why}. Read \`tidegate local logs emulator\`.`, { cause })
    })
  return {
    async names() {
      const { logGroups } = await read(client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: groupOf })))
      return (logGroups ?? []).map(({ logGroupName }) => nameOf(logGroupName ?? '')).sort()
    },
    async lines(name, last) {
      const found: LogLine[] = []
      let nextToken: string | undefined
      do {
        const command = new FilterLogEventsCommand({ logGroupName: `${groupOf}${stack}${name}`, nextToken })
        const page = await read(client.send(command))
        for (const { timestamp, message } of page.events ?? [])
          found.push(...functionLines(message ?? '', timestamp ?? 0, name))
        nextToken = page.nextToken
      } while (nextToken)
      return found.slice(-last)
    },
    close: () => client.destroy(),
  }
}

const nameOf = (group: string): string => group.slice(groupOf.length).replace(stack, '')
