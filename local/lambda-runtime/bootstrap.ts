/**
 * The Runtime API client: fetches one event after the other, calls the handler, posts what it returns or throws.
 * It runs inside the function's process, so it depends on nothing but Node.
 * Source: "Using the Lambda runtime API" in the AWS Lambda guide; what it answers is what AWS's own client for Node 24, aws-lambda-ric 4.0.2, answers.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { exchange } from '../http.ts'
import { loadHandler } from './handler-loader.ts'

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`

interface ReportedError {
  errorType: string
  errorMessage: string
  trace: string[]
}

/** What AWS reports of anything thrown: the error's own name, by which Retry and Catch match. */
function reported(thrown: unknown): ReportedError {
  if (thrown instanceof Error) {
    return { errorType: thrown.name, errorMessage: thrown.message, trace: thrown.stack?.split('\n') ?? [] }
  }
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] }
}

async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<void> {
  await exchange(`${api}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

const postError = (requestId: string, error: ReportedError): Promise<void> =>
  post(`invocation/${requestId}/error`, JSON.stringify(error), {
    'lambda-runtime-function-error-type': error.errorType,
  })

function contextOf(headers: IncomingHttpHeaders) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms'])
  return {
    awsRequestId: String(headers['lambda-runtime-aws-request-id']),
    invokedFunctionArn: String(headers['lambda-runtime-invoked-function-arn']),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? '',
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION ?? '$LATEST',
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? '',
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME ?? '',
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? '',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  }
}

function prepareEnvironment(): void {
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs24.x'
  process.env.AWS_LAMBDA_INITIALIZATION_TYPE = 'on-demand'
  process.env.AWS_LAMBDA_LOG_GROUP_NAME ??= `/aws/lambda/${process.env.AWS_LAMBDA_FUNCTION_NAME}`
  process.env.TZ = ':UTC'
  if (process.env.AWS_SESSION_TOKEN === '') delete process.env.AWS_SESSION_TOKEN
}

function responseText(result: unknown): string {
  try {
    return JSON.stringify(result === undefined ? null : result)
  } catch (cause) {
    throw Object.assign(new Error('Unable to stringify response body', { cause }), {
      name: 'Runtime.JSONStringifyError',
    })
  }
}

/** An error outside the handler's promise ends the process, as Node does by itself; whoever called is told of the end. */
async function run(): Promise<void> {
  prepareEnvironment()
  const loaded = await loadHandler(process.env.LAMBDA_TASK_ROOT ?? process.cwd(), process.env._HANDLER ?? '').then(
    (handler) => ({ handler }),
    (thrown: unknown) => ({ initError: reported(thrown) }),
  )
  for (;;) {
    const next = await exchange(`${api}/invocation/next`)
    if (next.status !== 200) process.exit(0) // our environment was taken down
    const event = next.body.toString('utf8')
    const context = contextOf(next.headers)
    const traceId = next.headers['lambda-runtime-trace-id']
    if (typeof traceId === 'string') process.env._X_AMZN_TRACE_ID = traceId
    if ('initError' in loaded) {
      // Not `POST init/error`: the emulator replaces its type by `Runtime.Unknown`. AWS gives it to the first invocation, too.
      await postError(context.awsRequestId, loaded.initError)
      process.exit(1)
    }
    try {
      const result = await loaded.handler(JSON.parse(event), context)
      await post(`invocation/${context.awsRequestId}/response`, responseText(result))
    } catch (thrown) {
      const error = reported(thrown)
      console.error(
        JSON.stringify({ level: 'ERROR', message: 'Invoke Error', requestId: context.awsRequestId, ...error }),
      )
      await postError(context.awsRequestId, error)
    }
  }
}

await run().catch(() => process.exit(1)) // nobody answers: the emulator is gone
