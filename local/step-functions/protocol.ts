/** The `AWSStepFunctions` JSON protocol: operation names to the functions that answer them. */
import type { Engine } from './engine.ts'
import type { Json } from './ports.ts'
import { executionOperations } from './protocol-executions.ts'
import { historyOperations } from './protocol-history.ts'
import { machineOperations } from './protocol-machines.ts'
import { ApiError, type Operation, Request } from './protocol-request.ts'

export interface ApiResponse {
  status: number
  body: { [key: string]: Json }
}

/**
 * Answers one request. `target` is the `X-Amz-Target` header (`AWSStepFunctions.StartExecution`), `body` the parsed JSON.
 * Errors are answers too, with `__type` as the service gives it.
 */
export function stepFunctionsApi(engine: Engine): (target: string, body: unknown) => Promise<ApiResponse> {
  const operations = new Map<string, Operation>(
    Object.entries({ ...machineOperations(engine), ...executionOperations(engine), ...historyOperations(engine) }),
  )
  return async (target, body) => {
    const name = target.slice(target.indexOf('.') + 1)
    try {
      const operation = operations.get(name)
      if (!operation)
        throw new ApiError(
          'UnknownOperationException',
          `The local cloud does not implement \`${name}\` of Step Functions.`,
        )
      return { status: 200, body: await operation(new Request(body)) }
    } catch (error) {
      if (error instanceof ApiError) return { status: 400, body: { __type: error.type, message: error.message } }
      throw error
    }
  }
}
