/** Where a deployment's logs are: CloudWatch Logs, and for a driver on the local cloud a file. */
import { readFile } from 'node:fs/promises'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { GetJobRunsCommand, GlueClient, type JobRun } from '@aws-sdk/client-glue'
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn'
import type { Deployment } from './deployment.ts'
import type { JobRunFacts, LogEvent, LogSources, Span } from './run-logs.ts'

/** Clocks of functions, Glue and Step Functions are not one; and a line may be written just after the end. */
const slackMs = 60_000

/** `close` ends the connections. */
export function logSourcesOf(deployment: Deployment): LogSources & { readonly close: () => void } {
  const [sfn, glue, logs] = [new SFNClient({}), new GlueClient({}), new CloudWatchLogsClient({})]
  const executionArn = (name: string): string =>
    `${deployment.stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`

  return {
    async execution(name) {
      try {
        const command = new DescribeExecutionCommand({ executionArn: executionArn(name) })
        const { startDate, stopDate } = await sfn.send(command)
        return {
          startMs: (startDate?.getTime() ?? 0) - slackMs,
          endMs: (stopDate?.getTime() ?? Date.now()) + slackMs,
        }
      } catch (error) {
        if (isNamed(error, 'ExecutionDoesNotExist', 'InvalidArn')) return undefined
        throw error
      }
    },

    async jobRuns(span) {
      const found: JobRunFacts[] = []
      let NextToken: string | undefined
      do {
        const page = await glue.send(new GetJobRunsCommand({ JobName: deployment.glueJobName, NextToken }))
        const runs = page.JobRuns ?? []
        found.push(...runs.filter((run) => startedIn(run, span)).map((run) => factsOf(run, deployment)))
        // Newest first: what follows a run that is too old is older still.
        NextToken = runs.some((run) => startedMs(run) < span.startMs) ? undefined : page.NextToken
      } while (NextToken)
      return found
    },

    async events(logGroupName, { startMs, endMs }, narrowed) {
      const found: LogEvent[] = []
      let nextToken: string | undefined
      const only =
        'phrase' in narrowed
          ? { filterPattern: `"${narrowed.phrase}"` }
          : { logStreamNamePrefix: narrowed.streamPrefix }
      try {
        do {
          const page = await logs.send(
            new FilterLogEventsCommand({ logGroupName, startTime: startMs, endTime: endMs, nextToken, ...only }),
          )
          for (const { timestamp, logStreamName, message } of page.events ?? [])
            found.push({ at_ms: timestamp ?? startMs, stream: logStreamName ?? '', message: message ?? '' })
          nextToken = page.nextToken
        } while (nextToken)
      } catch (error) {
        if (!isNamed(error, 'ResourceNotFoundException')) throw error
      }
      return found
    },

    file: (path) =>
      readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      }),

    close() {
      for (const client of [sfn, glue, logs]) client.destroy()
    },
  }
}

const isNamed = (error: unknown, ...names: string[]): boolean => error instanceof Error && names.includes(error.name)

const startedMs = (run: JobRun): number => run.StartedOn?.getTime() ?? 0
const startedIn = (run: JobRun, { startMs, endMs }: Span): boolean =>
  startedMs(run) >= startMs && startedMs(run) <= endMs

const factsOf = (run: JobRun, { cloud }: Deployment): JobRunFacts => ({
  id: run.Id ?? '',
  run_id: run.Arguments?.['--run-id'] ?? '',
  state: run.JobRunState ?? 'UNKNOWN',
  log_file: cloud === 'local' ? (run.LogGroupName ?? null) : null,
})
