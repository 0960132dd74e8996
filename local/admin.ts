/** `/_tidegate/…` of the gateway: what only the local cloud has. For processes of this machine, never for a page in a browser. */
import type { EmulatorApi } from './emulator/api.ts'
import type { GlueFacade } from './glue/facade.ts'
import { fieldsOf, type JsonHandler, type RestHandler, type RestRequest, ServiceError } from './protocol.ts'
import type { Scheduler, SchedulerOverview } from './scheduler/facade.ts'
import type { Fired } from './scheduler/firing.ts'

const root = '/_tidegate/'
/** A header that a page of another origin can't send without asking first; nobody answers that question. */
export const adminHeader = 'x-tidegate-local'

export interface LocalReport {
  emulator: { healthy: boolean }
  executions: { running: number }
  job_runs: { running: number; waiting: number }
  queues: { name: string; visible: number; in_flight: number }[]
  scheduler: SchedulerOverview
}

export interface FastForwarded {
  fired: Fired[]
}

export interface AdminPorts {
  scheduler: Pick<Scheduler, 'fastForward' | 'overview'>
  stepFunctions: JsonHandler
  glue: Pick<GlueFacade, 'call'>
  api: Pick<EmulatorApi, 'json' | 'exists'>
}

/** `POST fast-forward {ms}` answers FastForwarded; `GET status` answers LocalReport. Everything below the root is ours. */
export function adminRoutes(ports: AdminPorts): { matches(path: string): boolean; handler: RestHandler } {
  const routes: Record<string, (body: unknown) => Promise<unknown>> = {
    'POST fast-forward': async (body): Promise<FastForwarded> => ({
      fired: await ports.scheduler.fastForward(wholeMs(fieldsOf(body).ms)),
    }),
    'GET status': () => report(ports),
  }
  return {
    matches: (path) => path.startsWith(root),
    async handler(request) {
      refuseStrangers(request)
      const name = `${request.method} ${request.path.slice(root.length)}`
      const route = Object.hasOwn(routes, name) ? routes[name] : undefined
      if (route === undefined) throw new ServiceError('NotFound', `\`${name}\` is no route of the local cloud.`, 404)
      return { status: 200, body: await route(request.body) }
    },
  }
}

/** Another origin has no such header, and says who it is; a name that was made to lead to 127.0.0.1 is not ours. */
function refuseStrangers({ headers }: RestRequest): void {
  const host = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')
  if (headers[adminHeader] === '1' && headers.origin === undefined && host) return
  throw new ServiceError('AccessDeniedException', 'this is for `tidegate local …` on this machine only.', 403)
}

const yearMs = 366 * 86_400_000

function wholeMs(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= yearMs) return value
  throw new ServiceError('ValidationException', `\`ms\` is \`${JSON.stringify(value)}\`. Send 1 to ${yearMs}.`)
}

async function report(ports: AdminPorts): Promise<LocalReport> {
  const [healthy, running, job_runs, queues] = await Promise.all([
    ports.api.exists('/_ministack/ready', 'sqs'),
    runningExecutions(ports),
    openJobRuns(ports),
    queueDepths(ports),
  ])
  return { emulator: { healthy }, executions: { running }, job_runs, queues, scheduler: ports.scheduler.overview() }
}

/** Without the children of their Maps. */
async function runningExecutions({ stepFunctions }: AdminPorts): Promise<number> {
  const { stateMachines } = fieldsOf((await stepFunctions('ListStateMachines', {})).body)
  let running = 0
  for (const { stateMachineArn } of (stateMachines ?? []) as { stateMachineArn: string }[]) {
    const { body } = await stepFunctions('ListExecutions', {
      stateMachineArn,
      statusFilter: 'RUNNING',
      maxResults: 1000,
    })
    running += ((fieldsOf(body).executions ?? []) as unknown[]).length
  }
  return running
}

async function openJobRuns({ glue }: AdminPorts): Promise<LocalReport['job_runs']> {
  const { Jobs } = await glue.call('GetJobs', {})
  const states: string[] = []
  for (const { Name } of (Jobs ?? []) as { Name: string }[]) {
    const { JobRuns } = await glue.call('GetJobRuns', { JobName: Name, MaxResults: 1000 })
    states.push(...((JobRuns ?? []) as { JobRunState: string }[]).map((run) => run.JobRunState))
  }
  const count = (...wanted: string[]): number => states.filter((state) => wanted.includes(state)).length
  return { running: count('STARTING', 'RUNNING', 'STOPPING'), waiting: count('WAITING') }
}

async function queueDepths({ api }: AdminPorts): Promise<LocalReport['queues']> {
  const { QueueUrls } = await api.json('AmazonSQS', 'ListQueues', {})
  const depth = async (QueueUrl: string) => {
    const { Attributes } = await api.json('AmazonSQS', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] })
    const of = (name: string): number => Number(fieldsOf(Attributes)[name] ?? 0)
    const [visible, in_flight] = [of('ApproximateNumberOfMessages'), of('ApproximateNumberOfMessagesNotVisible')]
    return { name: QueueUrl.split('/').at(-1) ?? QueueUrl, visible, in_flight }
  }
  return Promise.all(((QueueUrls ?? []) as string[]).map(depth))
}
