/** What a schedule can reach on the local cloud: StartExecution of our Step Functions, functions and the dead-letter queue in the emulator. */

import type { EmulatorApi } from '../emulator/api.ts'
import { fieldsOf, type JsonHandler, ServiceError } from '../protocol.ts'
import type { DeliveryPorts } from './delivery.ts'

/** `stepFunctions` answers `StartExecution`. */
export function schedulerTarget(
  stepFunctions: JsonHandler,
  api: Pick<EmulatorApi, 'json' | 'invokeLater'>,
): Pick<DeliveryPorts, 'invoke' | 'sendDeadLetter'> {
  return {
    async invoke(targetArn, input) {
      if (targetArn.startsWith('arn:aws:lambda:')) {
        await api.invokeLater(targetArn, input)
        return targetArn
      }
      const { status, body } = await stepFunctions('StartExecution', startRequest(targetArn, input))
      const answer = fieldsOf(body)
      if (status >= 300) throw new ServiceError(String(answer.__type), String(answer.message), status)
      return String(answer.executionArn)
    },
    async sendDeadLetter(queueArn, body, attributes) {
      const { QueueUrl } = await api.json('AmazonSQS', 'GetQueueUrl', { QueueName: queueArn.split(':').at(-1) })
      const MessageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]),
      )
      await api.json('AmazonSQS', 'SendMessage', { QueueUrl, MessageBody: body, MessageAttributes })
    },
  }
}

/** The universal target takes the request itself, its fields in upper case; the templated one an ARN and the execution's input. */
function startRequest(targetArn: string, input: string): unknown {
  if (targetArn.startsWith('arn:aws:states:')) return { stateMachineArn: targetArn, input }
  const { StateMachineArn, Name, Input } = fieldsOf(JSON.parse(input))
  return { stateMachineArn: StateMachineArn, name: Name, input: Input }
}
