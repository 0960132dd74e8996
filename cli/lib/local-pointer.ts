/** `.tidegate/local.json` in the working folder: the data directory of the local cloud that was started here last. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runningOn } from '../../local/data-dir.ts'
import { sdkEnvironment } from '../../local/toolchain.ts'

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
  const dataDir = pointedDataDir()
  const state = dataDir === undefined ? undefined : runningOn(dataDir)
  if (dataDir === undefined || state?.endpoint === undefined) return undefined
  return { pid: state.pid, endpoint: state.endpoint, dataDir, env: sdkEnvironment(state.endpoint) }
}

export function pointTo(dataDir: string): void {
  mkdirSync(tidegateFolder(), { recursive: true })
  writeFileSync(pointerPath(), `${JSON.stringify({ data_dir: dataDir })}\n`)
}

export const removePointer = (): void => rmSync(pointerPath(), { force: true })

function pointedDataDir(): string | undefined {
  try {
    return (JSON.parse(readFileSync(pointerPath(), 'utf8')) as { data_dir: string }).data_dir
  } catch {
    return undefined
  }
}
