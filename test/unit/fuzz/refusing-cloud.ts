/** A cloud that says where everything is deployed, and then refuses every request, or all that is no read of its empty tables and buckets. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const outputs = (endpoint: string) => ({
  StagingBucketName: 'staging',
  RawBucketName: 'raw',
  ControlBucketName: 'control',
  TablePrefix: 'odpf_',
  FileProcessorArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:m',
  ScheduleGroupName: 'tidegate-dev',
  GlueJobName: 'tidegate-dev',
  HistoryTtlDays: '400',
  FileManagerQueueUrl: `${endpoint}/000000000000/queue`,
  FileManagerDlqUrl: `${endpoint}/000000000000/dlq`,
})

const stacks = (endpoint: string): string => {
  const members = Object.entries(outputs(endpoint)).map(
    ([name, value]) => `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  )
  return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
}

export interface RefusingCloud {
  readonly endpoint: string
  /** True: its tables and buckets can be read, and are empty. */
  readable: boolean
  /** Requests that it refused so far. */
  readonly refused: () => number
  close(): Promise<void>
}

export async function refusingCloud(): Promise<RefusingCloud> {
  let refused = 0
  const answer = async (request: IncomingMessage) => {
    const isAboutStacks = (await text(request)).includes('Action=DescribeStacks')
    if (isAboutStacks) return { status: 200, type: 'text/xml', body: stacks(`http://${request.headers.host}`) }
    const empty = cloud.readable ? nothingOf(request) : undefined
    if (empty) return empty
    refused += 1
    const isJson = !request.headers['user-agent']?.includes('api/s3')
    const body = isJson
      ? JSON.stringify({ __type: 'AccessDeniedException', message: 'not allowed' })
      : '<Error><Code>AccessDenied</Code><Message>not allowed</Message></Error>'
    return { status: isJson ? 400 : 403, type: isJson ? 'application/json' : 'application/xml', body }
  }
  const server: Server = createServer((request, response) => {
    void answer(request).then(({ status, type, body }) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cloud: RefusingCloud = {
    readable: false,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused: () => refused,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return cloud
}

/** What an empty table, queue or bucket answers; undefined for what is no read of one. */
function nothingOf({ headers, method }: IncomingMessage) {
  const [service = '', operation = ''] = String(headers['x-amz-target'] ?? '').split('.')
  if (service.startsWith('DynamoDB') && /^(Scan|Query|GetItem|BatchGetItem)$/.test(operation))
    return { status: 200, type: 'application/x-amz-json-1.0', body: '{}' }
  if (service === 'AmazonSQS' && /^(Get|Receive)/.test(operation))
    return { status: 200, type: 'application/x-amz-json-1.0', body: '{}' }
  if (headers['user-agent']?.includes('api/s3') && (method === 'GET' || method === 'HEAD'))
    return { status: 404, type: 'application/xml', body: '<Error><Code>NoSuchKey</Code></Error>' }
  return undefined
}
