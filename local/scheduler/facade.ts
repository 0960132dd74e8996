/** The schedules part of EventBridge Scheduler's API: kept, checked and fired here, never by the emulator, which would fire them wrongly. */
import { openDocument } from '../document-file.ts'
import type { EmulatorApi } from '../emulator/api.ts'
import { fieldsOf, type JsonAnswer, type RestHandler, ServiceError } from '../protocol.ts'
import { account, region } from '../toolchain.ts'
import { type Fired, type FiringOptions, type Kept, startFiring } from './firing.ts'
import { checkSchedule, type Schedule } from './schedule.ts'

export interface Scheduler {
  matches(path: string, service: string): boolean
  handler: RestHandler
  /** As `Firing.fastForward`. */
  fastForward(ms: number): Promise<Fired[]>
  overview(): SchedulerOverview
  stop(): Promise<void>
}

export interface SchedulerOverview {
  /** Whether time that passes fires schedules. */
  firing: boolean
  /** How far the scheduler's clock was moved on, milliseconds. */
  ahead_ms: number
  schedules: { name: string; group: string; state: Schedule['State']; next_ms: number | null }[]
}

export interface SchedulerOptions extends Pick<FiringOptions, 'clock' | 'enabled' | 'target' | 'report'> {
  api: Pick<EmulatorApi, 'exists'>
  /** Keeps schedules, and where their clock stands, between starts. */
  file?: string | undefined
}

const root = '/schedules'

/** Opens the schedules of `options.file`, and fires them if `enabled`. */
export function openScheduler(options: SchedulerOptions): Scheduler {
  const { api } = options
  const document = openDocument<{ schedules: Kept[]; aheadMs?: number }>(options.file, { schedules: [] })
  const { schedules } = document.value
  const ahead = {
    ms: document.value.aheadMs ?? 0,
    save: () => {
      document.value.aheadMs = ahead.ms
      document.save()
    },
  }
  const firing = startFiring({ ...options, schedules, arnOf, ahead })
  const find = (group: string, name: string) =>
    schedules.find(({ schedule }) => schedule.GroupName === group && schedule.Name === name)
  const existing = (group: string, name: string): Kept => {
    const kept = find(group, name)
    if (kept === undefined)
      throw new ServiceError(
        'ResourceNotFoundException',
        `Schedule \`${name}\` does not exist in group \`${group}\`. Deploy it.`,
        404,
      )
    return kept
  }
  const groupExists = async (group: string): Promise<void> => {
    if (group !== 'default' && !(await api.exists(`/schedule-groups/${encodeURIComponent(group)}`, 'scheduler'))) {
      throw new ServiceError(
        'ResourceNotFoundException',
        `Schedule group \`${group}\` does not exist. Create it first.`,
        404,
      )
    }
  }
  const operations: Record<
    string,
    (name: string, body: Record<string, unknown>, query: URLSearchParams) => Promise<JsonAnswer>
  > = {
    async POST(name, body) {
      const schedule = checkSchedule({ ...body, Name: name })
      await groupExists(schedule.GroupName)
      if (find(schedule.GroupName, name) !== undefined)
        throw new ServiceError('ConflictException', `Schedule \`${name}\` exists. Update it.`, 409)
      const kept = { schedule, createdMs: firing.now(), changedMs: firing.now() }
      schedules.push(kept)
      document.save()
      firing.changed(kept)
      return { status: 200, body: { ScheduleArn: arnOf(schedule) } }
    },
    async PUT(name, body) {
      const schedule = checkSchedule({ ...body, Name: name })
      Object.assign(existing(schedule.GroupName, name), { schedule, changedMs: firing.now() })
      document.save()
      firing.changed()
      return { status: 200, body: { ScheduleArn: arnOf(schedule) } }
    },
    async GET(name, _body, query) {
      return name === ''
        ? { status: 200, body: listed(schedules, query) }
        : { status: 200, body: described(existing(groupOf(query), name)) }
    },
    async DELETE(name, _body, query) {
      schedules.splice(schedules.indexOf(existing(groupOf(query), name)), 1)
      document.save()
      return { status: 200, body: {} }
    },
  }
  return {
    matches: (path, service) => service === 'scheduler' && (path === root || path.startsWith(`${root}/`)),
    async handler({ method, path, query, body }) {
      const operation = Object.hasOwn(operations, method) ? operations[method] : undefined
      if (operation === undefined)
        throw new ServiceError('ValidationException', `\`${method} ${path}\` is no operation of schedules.`, 405)
      return operation(decodeURIComponent(path.slice(root.length + 1)), fieldsOf(body), query)
    },
    fastForward: firing.fastForward,
    overview: () => ({
      firing: options.enabled,
      ahead_ms: ahead.ms,
      schedules: schedules.map((kept) => ({
        name: kept.schedule.Name,
        group: kept.schedule.GroupName,
        state: kept.schedule.State,
        next_ms: firing.nextOf(kept) ?? null,
      })),
    }),
    stop: firing.stop,
  }
}

const groupOf = (query: URLSearchParams): string => query.get('groupName') ?? 'default'
const keyOf = (schedule: Schedule): string => `${schedule.GroupName}/${schedule.Name}`
const arnOf = (schedule: Schedule): string => `arn:aws:scheduler:${region}:${account}:schedule/${keyOf(schedule)}`
const times = ({ createdMs, changedMs }: Kept) => ({
  CreationDate: createdMs / 1000,
  LastModificationDate: changedMs / 1000,
})
const described = (kept: Kept) => ({ ...kept.schedule, Arn: arnOf(kept.schedule), ...times(kept) })

function listed(schedules: Kept[], query: URLSearchParams): unknown {
  const [group, prefix] = [query.get('ScheduleGroup'), query.get('NamePrefix')]
  const chosen = schedules.filter(
    ({ schedule }) =>
      (group === null || schedule.GroupName === group) && (prefix === null || schedule.Name.startsWith(prefix)),
  )
  return {
    Schedules: chosen.map((kept) => ({
      Arn: arnOf(kept.schedule),
      Name: kept.schedule.Name,
      GroupName: kept.schedule.GroupName,
      State: kept.schedule.State,
      Target: { Arn: kept.schedule.Target.Arn },
      ...times(kept),
    })),
  }
}
