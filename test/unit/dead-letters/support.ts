/** The three dead-letter queues in memory, in front of a landing that is the real one. */

import { parseStorageEvent } from '../../../functions/file-manager/storage-event.ts'
import { objectCreatedEvent } from '../../../shared/contracts/event.ts'
import type { ReplayPorts } from '../../../shared/dead-letters/replay.ts'
import { landFile } from '../../../shared/landing/land-file.ts'
import { createMemoryDeadLetterQueue, createMemoryRedelivery } from '../../../shared/memory/dead-letters.ts'
import { landingFixture, STAGING } from '../landing/support.ts'

export const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:tidegate-dev-file-processor'

export const startOf = (name: string, machine = MACHINE) =>
  JSON.stringify({ StateMachineArn: machine, Name: name, Input: JSON.stringify({ refresh_cadence: 'nightly' }) })

export async function deadLetterFixture() {
  const { memory, ports: landing, put } = await landingFixture()
  const queue = (name: string) => createMemoryDeadLetterQueue(name, memory.clock)
  const queues = { FileManager: queue('FileManager'), LandingRule: queue('LandingRule'), Scheduler: queue('Scheduler') }
  const redelivery = createMemoryRedelivery()
  const ports: ReplayPorts = {
    queues: Object.values(queues),
    sources: landing.sources,
    stagingBucket: STAGING,
    stateMachineArn: MACHINE,
    clock: memory.clock,
    redelivery,
  }
  /** What the file manager's queue then does with what it was handed. */
  const deliver = async () => {
    const results = []
    for (const body of redelivery.done.landed.splice(0))
      results.push((await landFile(objectCreatedEvent.parse(parseStorageEvent(body)), landing)).result)
    return results
  }
  return { memory, landing, put, queues, redelivery, ports, deliver }
}
