/** `.tidegate/local.json` in the working folder: the data directory of the local cloud that was started here last. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { runningOn } from '../../local/data-dir.ts'
import { sdkEnvironment } from '../../local/toolchain.ts'
import { jsonOf } from '../../shared/documents.ts'
import { ConfigurationError } from '../../shared/errors.ts'

export interface RunningCloud {
  readonly pid: number
  readonly endpoint: string
  readonly dataDir: string
  /** What any SDK or the AWS CLI needs to reach it. */
  readonly env: Record<string, string>
}

export const tidegateFolder = (): string => join(process.cwd(), '.tidegate')
const pointerPath = (): string => join(tidegateFolder(), 'local.json')

/** The local cloud that runs for this folder; one whose process is gone counts as none. */
export function runningHere(): RunningCloud | undefined {
  const dataDir = readPointer()?.data_dir
  const state = dataDir === undefined ? undefined : runningOn(dataDir)
  if (dataDir === undefined || state?.endpoint === undefined) return undefined
  return { pid: state.pid, endpoint: state.endpoint, dataDir, env: sdkEnvironment(state.endpoint) }
}

/** Throws ConfigurationError TG1507 when a local cloud runs for this folder. */
export function refuseSecond(): void {
  const cloud = runningHere()
  if (!cloud) {
    removePointer() // it may point to one that was killed
    return
  }
  throw new ConfigurationError(
    'TG1507',
    `a local cloud already runs in this folder, at \`${cloud.endpoint}\`. Use it, or stop it with \`tidegate local down\`.`,
  )
}

/** `ended` says why a local cloud is not there any more, for whoever asks next. */
export function pointTo(dataDir: string, ended?: string): void {
  mkdirSync(tidegateFolder(), { recursive: true })
  writeFileSync(pointerPath(), `${JSON.stringify({ data_dir: dataDir, ended })}\n`)
}

/** The local cloud that ended here without being asked to: why, and where its data is. */
export function lastHere(): { readonly dataDir: string; readonly ended: string } | undefined {
  const pointer = readPointer()
  if (pointer === undefined || runningHere()) return undefined
  return { dataDir: pointer.data_dir, ended: pointer.ended ?? 'its process was killed' }
}

export const removePointer = (): void => rmSync(pointerPath(), { force: true })

const pointerDocument = z.object({ data_dir: z.string().min(1), ended: z.string().optional() })

function readPointer(): z.infer<typeof pointerDocument> | undefined {
  try {
    return pointerDocument.safeParse(jsonOf(readFileSync(pointerPath(), 'utf8'))).data
  } catch {
    return undefined
  }
}
