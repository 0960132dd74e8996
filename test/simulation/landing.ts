/** From a put to the ledger: events, the queue with its receives and dead letters, and the file manager that takes them. */
import { parseStorageEvent } from '../../functions/file-manager/storage-event.ts'
import type { StorageEvent } from '../../shared/contracts/event.ts'
import { noteDeletion } from '../../shared/landing/deletion.ts'
import { landFile } from '../../shared/landing/land-file.ts'
import { actorNamed } from './faults.ts'
import { STAGING } from './names.ts'
import { InvocationFailed } from './process.ts'
import type { Ports, World } from './world.ts'

interface Message {
  readonly name: string
  readonly body: string
  receives: number
}

/** As deployed: see deploy/landing.yml. */
const VISIBILITY_MS = 360_000
const RECEIVES = 3
const BATCH = 3
const HOUR_MS = 3_600_000

export class Landing {
  readonly deadLetters: Message[] = []
  readonly #world: World
  readonly #visible: Message[] = []
  #events = 0
  #polls = 0

  constructor(world: World) {
    this.#world = world
  }

  /** S3 says that it has an object, as it does: at least once in the end, but not here. */
  announce(key: string, etag: string, eventMs = 0): void {
    this.#announce(key, createdEvent(key, etag), eventMs)
  }

  announceDeletion(key: string): void {
    this.#announce(key, deletedEvent(key, this.#world.clock.now()), 0)
  }

  #announce(key: string, body: string, eventMs: number): void {
    const { faults, random } = this.#world
    this.#events += 1
    const actor = actorNamed(`event ${this.#events}`)
    const message = { name: `event ${this.#events} (${key.split('/').at(-1)})`, body, receives: 0 }
    if (faults.strikes('event-dropped', actor)) {
      this.#world.trace?.(`${message.name}  is dropped`)
      return
    }
    const late = faults.strikes('event-late', actor) ? random.below(3 * HOUR_MS) : 0
    const delay = faults.strikes('event-reordered', actor) ? random.below(120_000) : 0
    this.#send(message, eventMs + late + delay)
    if (faults.strikes('event-duplicate', actor)) this.#send({ ...message }, random.below(HOUR_MS))
  }

  /** The redrive of a dead-letter queue; `times` 2: somebody does it again while the first is under way. */
  replay(times: number): void {
    const letters = this.deadLetters.splice(0)
    for (const letter of letters) {
      for (let n = 0; n < times; n += 1) this.#send({ ...letter, receives: 0 }, this.#world.random.below(5000))
    }
  }

  async #send(message: Message, delayMs: number): Promise<void> {
    await this.#world.scheduler.sleep(delayMs)
    this.#visible.push(message)
    await this.#world.scheduler.turn()
    await this.#poll()
  }

  /** One invocation of the file manager with what it finds. */
  async #poll(): Promise<void> {
    const messages: Message[] = []
    while (this.#visible.length > 0 && messages.length < BATCH) {
      messages.push(...this.#visible.splice(this.#world.random.below(this.#visible.length), 1))
    }
    if (messages.length === 0) return
    this.#polls += 1
    for (const message of messages) message.receives += 1
    const actor = actorNamed(`poll ${this.#polls}`)
    if (this.#world.faults.strikes('queue-visibility-expires', actor)) {
      // Still being worked on, and already with another consumer.
      for (const message of messages) this.#send({ ...message }, this.#world.random.below(60_000))
    }
    const done = new Set<Message>()
    try {
      await this.#world.invoke('file-manager', `poll ${this.#polls}`, async (ports, process) => {
        for (const message of messages) {
          if (this.#world.faults.strikes('queue-message-fails', process.actor)) continue
          const taken = await take(parseStorageEvent(message.body), ports).catch(() => undefined)
          if (taken) done.add(message)
        }
      })
    } catch (error) {
      if (!(error instanceof InvocationFailed)) throw error
      // An invocation that dies takes the whole batch back, what it did included.
      done.clear()
    }
    for (const message of messages) if (!done.has(message)) this.#back(message)
  }

  #back(message: Message): void {
    if (message.receives >= RECEIVES) this.deadLetters.push(message)
    else this.#send(message, VISIBILITY_MS)
  }
}

/** As the file manager does. */
const take = (event: StorageEvent, ports: Ports) =>
  event['detail-type'] === 'Object Deleted' ? noteDeletion(event, ports) : landFile(event, ports)

const deletedEvent = (key: string, atMs: number): string =>
  JSON.stringify({
    id: 'event',
    source: 'aws.s3',
    'detail-type': 'Object Deleted',
    time: new Date(atMs).toISOString(),
    detail: { bucket: { name: STAGING }, object: { key }, reason: 'DeleteObject' },
  })

const createdEvent = (key: string, etag: string): string =>
  JSON.stringify({
    id: 'event',
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2023-11-18T10:10:00Z',
    detail: { bucket: { name: STAGING }, object: { key, size: 1, etag } },
  })
