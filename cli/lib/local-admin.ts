/** Asks the local cloud of this folder for what only it has: `/_tidegate/…` of its gateway. */
import { adminHeader } from '../../local/admin.ts'
import { exchange } from '../../local/http.ts'
import { jsonOf } from '../../shared/documents.ts'
import { ConfigurationError, EngineError } from '../../shared/errors.ts'
import { lastHere, type RunningCloud, runningHere } from './local-pointer.ts'

/** Throws ConfigurationError TG1506. */
export function runningCloud(): RunningCloud {
  const cloud = runningHere()
  if (cloud) return cloud
  const last = lastHere()
  const story = last ? `; the last one, with its data in \`${last.dataDir}\`, ended: ${last.ended}` : ''
  throw new ConfigurationError(
    'TG1506',
    `no local cloud runs in this folder${story}. Start one with \`tidegate local up\`.`,
  )
}

/** `route` is e.g. `GET status`. Throws EngineError TG5607 when it refuses or does not answer. */
export async function askLocalCloud<Answer>(cloud: RunningCloud, route: string, body?: object): Promise<Answer> {
  const [method = 'GET', path = ''] = route.split(' ')
  const refused = (reason: string, cause?: unknown): EngineError =>
    new EngineError(
      'TG5607',
      `the local cloud at \`${cloud.endpoint}\` can't do \`${path}\`: ${reason} Look into the logs below \`${cloud.dataDir}\` if it should.`,
      { cause },
    )
  const answer = await exchange(`${cloud.endpoint}/_tidegate/${path}`, {
    method,
    headers: { [adminHeader]: '1', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: Error) => {
    throw refused(`${cause.message}.`, cause)
  })
  const said = jsonOf(answer.body.toString('utf8')) as (Answer & { message?: string }) | null | undefined
  if (answer.status < 300 && said !== undefined) return said as Answer
  throw refused(said?.message ?? `HTTP ${answer.status}, and what answers there is no local cloud.`)
}
