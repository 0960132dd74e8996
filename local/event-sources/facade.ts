/** Lambda's API for event source mappings, with our pollers behind it instead of the emulator's. */
import { openDocument } from '../document-file.ts'
import type { EmulatorApi } from '../emulator/api.ts'
import { type RestHandler, ServiceError } from '../protocol.ts'
import { changed, describedMapping, type Mapping, newMapping } from './mapping.ts'
import { type Poller, startPoller } from './poller.ts'

export interface EventSources {
  /** True for the paths of this API. */
  matches(path: string): boolean
  handler: RestHandler
  /** Stops every poller, after the batches at work. */
  stop(): Promise<void>
}

const root = '/2015-03-31/event-source-mappings'

/** Opens the mappings of `file` and starts their pollers. `report` gets what goes wrong with messages. */
export function openEventSources(api: EmulatorApi, report: (message: string) => void, file?: string): EventSources {
  const document = openDocument<{ mappings: Mapping[] }>(file, { mappings: [] })
  const { mappings } = document.value
  const pollers = new Map<string, Poller>()
  const start = (mapping: Mapping): void => {
    if (!mapping.enabled) return
    pollers.set(
      mapping.uuid,
      startPoller(mapping, api, (error) => report(`event source \`${mapping.queueArn}\`: ${String(error)}`)),
    )
  }
  const stop = async (uuid: string): Promise<void> => {
    await pollers.get(uuid)?.stop()
    pollers.delete(uuid)
  }
  const put = async (mapping: Mapping): Promise<void> => {
    await stop(mapping.uuid)
    const at = mappings.findIndex(({ uuid }) => uuid === mapping.uuid)
    mappings.splice(at < 0 ? mappings.length : at, at < 0 ? 0 : 1, mapping)
    document.save()
    start(mapping)
  }
  const remove = async ({ uuid }: Mapping): Promise<void> => {
    await stop(uuid)
    mappings.splice(
      mappings.findIndex((mapping) => mapping.uuid === uuid),
      1,
    )
    document.save()
  }
  mappings.forEach(start)

  const collection: Record<string, RestHandler> = {
    POST: async ({ body }) => {
      const mapping = newMapping(body)
      const same = mappings.find(
        ({ queueArn, functionName }) => queueArn === mapping.queueArn && functionName === mapping.functionName,
      )
      if (same !== undefined)
        throw new ServiceError(
          'ResourceConflictException',
          `an event source mapping with this queue and function exists: \`${same.uuid}\`. Update or delete it.`,
          409,
        )
      await put(mapping)
      return { status: 202, body: describedMapping(mapping) }
    },
    GET: async ({ query }) => ({
      status: 200,
      body: { EventSourceMappings: mappings.filter(chosenBy(query)).map(describedMapping) },
    }),
  }
  const one: Record<string, (mapping: Mapping, body: unknown) => Promise<{ status: number; body: unknown }>> = {
    GET: async (mapping) => ({ status: 200, body: describedMapping(mapping) }),
    PUT: async (mapping, body) => {
      const next = changed(mapping, body)
      await put(next)
      return { status: 202, body: describedMapping(next) }
    },
    DELETE: async (mapping) => {
      await remove(mapping)
      return { status: 202, body: { ...describedMapping(mapping), State: 'Deleting' } }
    },
  }
  return {
    matches: (path) => path === root || path.startsWith(`${root}/`),
    async handler(request) {
      const uuid = request.path.slice(root.length + 1)
      if (uuid === '') return (collection[request.method] ?? notAllowed)(request)
      const mapping = mappings.find((candidate) => candidate.uuid === uuid)
      if (mapping === undefined)
        throw new ServiceError(
          'ResourceNotFoundException',
          `no event source mapping \`${uuid}\`. List them first.`,
          404,
        )
      return (one[request.method] ?? (() => notAllowed(request)))(mapping, request.body)
    },
    stop: async () => void (await Promise.all([...pollers.keys()].map(stop))),
  }
}

const notAllowed: RestHandler = ({ method, path }) => {
  throw new ServiceError(
    'InvalidRequestException',
    `\`${method} ${path}\` is no operation of event source mappings.`,
    405,
  )
}

/** The filters of `ListEventSourceMappings`. */
const chosenBy =
  (query: URLSearchParams) =>
  (mapping: Mapping): boolean => {
    const [queueArn, name] = [query.get('EventSourceArn'), query.get('FunctionName')]
    return (
      (queueArn === null || mapping.queueArn === queueArn) &&
      (name === null || nameOf(mapping.functionName) === nameOf(name))
    )
  }

const nameOf = (function_: string): string => function_.split(':').at(function_.startsWith('arn:') ? 6 : 0) ?? function_
