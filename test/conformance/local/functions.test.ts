/** Functions run as on AWS: by the packaged code, with true error names, time-outs and reuse. */
import { expect, test } from 'vitest'
import { createFunction, invoke, logsOf, sharedCloud, until } from './harness.ts'

const cloud = sharedCloud()

test('the error is named by the thrown class, as Retry and Catch match it (the emulator says Runtime.HandlerError)', async () => {
  await createFunction(
    cloud,
    'throws',
    `class TableBusy extends Error { name = 'TableBusy' }\nexport const handler = async () => { throw new TableBusy('held by \`x\`') }`,
  )
  const { failed, answer } = await invoke(cloud, 'throws')
  expect(failed).toBe('Unhandled')
  expect(answer).toMatchObject({ errorType: 'TableBusy', errorMessage: 'held by `x`' })
  expect(String(answer.trace)).toContain('handler.mjs:2')
})

test('what is thrown and is no error is named by its type', async () => {
  await createFunction(cloud, 'throws-text', `export const handler = async () => { throw 'just text' }`)
  expect((await invoke(cloud, 'throws-text')).answer).toMatchObject({ errorType: 'string', errorMessage: 'just text' })
})

test('a function that takes too long is ended, and the next call gets a new environment', async () => {
  await createFunction(
    cloud,
    'slow',
    `let calls = 0; export const handler = async ({ slow }) => { calls++; if (slow) await new Promise(() => setInterval(() => {}, 1000)); return { calls } }`,
    {
      timeout: 1,
    },
  )
  expect((await invoke(cloud, 'slow')).answer).toEqual({ calls: 1 })
  const { failed, answer } = await invoke(cloud, 'slow', { slow: true })
  expect(failed).toBe('Unhandled')
  expect(answer.errorType).toBe('Sandbox.Timedout')
  expect(answer.errorMessage).toContain('Task timed out after 1.00 seconds')
  expect((await invoke(cloud, 'slow')).answer).toEqual({ calls: 1 })
})

test('an environment is used again, and init runs once', async () => {
  await createFunction(
    cloud,
    'warm',
    `let calls = 0; export const handler = async () => ({ calls: ++calls, pid: process.pid })`,
  )
  const first = (await invoke(cloud, 'warm')).answer
  const second = (await invoke(cloud, 'warm')).answer
  expect([first.calls, second.calls]).toEqual([1, 2])
  expect(second.pid).toBe(first.pid)
})

test('context and environment are those of AWS, and nothing of ours leaks in', async () => {
  process.env.TG_SECRET_OF_THE_SHELL = 'secret'
  await createFunction(
    cloud,
    'context',
    `export const handler = async (event, context) => ({ event, context, left: context.getRemainingTimeInMillis(), env: process.env, node: process.version })`,
  )
  const { answer } = await invoke(cloud, 'context', { key: 'a+b c%2B é' })
  const context = answer.context as Record<string, string>
  const env = answer.env as Record<string, string>
  expect(answer.event).toEqual({ key: 'a+b c%2B é' })
  expect(context).toMatchObject({
    functionName: 'context',
    functionVersion: '$LATEST',
    memoryLimitInMB: '256',
    logGroupName: '/aws/lambda/context',
  })
  expect(context.invokedFunctionArn).toBe('arn:aws:lambda:us-east-1:000000000000:function:context')
  expect(context.awsRequestId).toMatch(/^[0-9a-f-]{36}$/)
  expect(answer.left).toBeGreaterThan(8_000)
  expect(answer.left).toBeLessThanOrEqual(10_000)
  expect(answer.node).toBe(process.version)
  expect(env.AWS_ENDPOINT_URL).toBe(cloud.cloud.endpoint)
  expect(env).toMatchObject({
    AWS_REGION: 'us-east-1',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    _HANDLER: 'functions/x/handler.handler',
  })
  expect(env.TG_SECRET_OF_THE_SHELL).toBeUndefined()
  expect(env.AWS_SESSION_TOKEN).toBeUndefined()
})

test('a package that was not bundled does not find our node_modules: the error names the module', async () => {
  await createFunction(
    cloud,
    'not-bundled',
    `import { z } from 'zod'; export const handler = async () => z.string().parse('x')`,
  )
  const { failed, answer } = await invoke(cloud, 'not-bundled')
  expect(failed).toBe('Unhandled')
  expect(answer.errorType).toBe('Error')
  expect(answer.errorMessage).toContain("'zod'")
})

test.each([
  ['functions/x/handler.missing', 'Runtime.HandlerNotFound'],
  ['functions/y/handler.handler', 'Runtime.ImportModuleError'],
  ['handler', 'Runtime.MalformedHandlerName'],
])('handler `%s` fails with %s', async (handler, errorType) => {
  const name = `bad-${errorType.replace('.', '-')}`
  await createFunction(cloud, name, 'export const handler = async () => 1', { handler })
  expect((await invoke(cloud, name)).answer.errorType).toBe(errorType)
})

/** Recorded from aws-lambda-ric 4.0.2, AWS's own client, as `bootstrap` of the same functions on Node 24.21 (it compiles an addon for minutes, so it is no dependency). */
test.each([
  ['nothing', 'export const handler = async () => {}', null],
  ['text', `export const handler = async () => { throw 'text' }`, { errorType: 'string', errorMessage: 'text' }],
  ['seven', 'export const handler = async () => { throw 7 }', { errorType: 'number', errorMessage: '7' }],
  ['null', 'export const handler = async () => { throw null }', { errorType: 'object', errorMessage: 'null' }],
  [
    'object',
    'export const handler = async () => { throw { a: 1 } }',
    { errorType: 'object', errorMessage: '[object Object]' },
  ],
  [
    'bigint',
    'export const handler = async () => 1n',
    { errorType: 'Runtime.JSONStringifyError', errorMessage: 'Unable to stringify response body' },
  ],
  [
    'rejection',
    `export const handler = () => new Promise(() => { Promise.reject(new TypeError('loose')) })`,
    { errorType: 'Runtime.ExitError' },
  ],
  [
    'syntax',
    'export const handler = async ( => 1',
    { errorType: 'Runtime.UserCodeSyntaxError', errorMessage: "SyntaxError: Unexpected token '=>'" },
  ],
  [
    'five',
    'export const handler = 5',
    { errorType: 'Runtime.HandlerNotFound', errorMessage: 'functions/x/handler.handler is not a function' },
  ],
])('what AWS’s own client answers: %s', async (name, source, expected) => {
  await createFunction(cloud, `as-aws-${name}`, source)
  const { answer } = await invoke(cloud, `as-aws-${name}`)
  if (expected === null) expect(answer).toBeNull()
  else expect(answer).toMatchObject(expected)
})

test('an error thrown while the module loads keeps its name', async () => {
  await createFunction(cloud, 'init', `throw new RangeError('TIDEGATE_RAW_BUCKET is missing')`)
  expect((await invoke(cloud, 'init')).answer).toMatchObject({
    errorType: 'RangeError',
    errorMessage: 'TIDEGATE_RAW_BUCKET is missing',
  })
})

test('an error outside the promise, and a process that ends, fail the call instead of hanging it', async () => {
  await createFunction(
    cloud,
    'stray',
    `export const handler = ({ how }) => new Promise(() => setTimeout(() => { if (how === 'exit') process.exit(7); throw new TypeError('stray') }, 5))`,
  )
  expect((await invoke(cloud, 'stray')).answer.errorType).toBe('Runtime.ExitError')
  expect((await invoke(cloud, 'stray', { how: 'exit' })).answer.errorType).toBe('Runtime.ExitError')
})

test('no answer is null, and what a function writes is in its log group', async () => {
  await createFunction(
    cloud,
    'writes',
    `export const handler = async () => { console.log(JSON.stringify({ level: 'INFO', message: 'landed' })) }`,
  )
  expect((await invoke(cloud, 'writes')).answer).toBeNull()
  const lines = await until(async () => (await logsOf(cloud, 'writes')).filter((line) => line.includes('landed')).at(0))
  expect(JSON.parse(lines)).toEqual({ level: 'INFO', message: 'landed' })
})
