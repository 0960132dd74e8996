/** Starts the local cloud as a process of its own, shows what it says until it is ready, and leaves it running. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigurationError, EngineError } from '../../shared/errors.ts'
import { Interrupted, watchSignals } from './interrupted.ts'
import { type RunningCloud, runningHere, tidegateFolder } from './local-pointer.ts'

const mainFile = join(import.meta.dirname, '..', 'main.ts')

/**
 * `args` are those of the command in the foreground. Throws EngineError TG5605 if it ends before it is ready (ConfigurationError TG1513 if that is the caller's to mend), Interrupted
 * when a signal ended it, after it has ended.
 */
export async function startDetached(args: readonly string[]): Promise<RunningCloud> {
  mkdirSync(tidegateFolder(), { recursive: true })
  const logFile = join(tidegateFolder(), 'local.log')
  const log = openSync(logFile, 'w')
  const child = spawn(process.execPath, [mainFile, ...args], { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  let ended: number | null | undefined
  child.once('exit', (code) => {
    ended = code
  })
  const signals = watchSignals()
  void signals.first.then((signal) => child.kill(signal))
  try {
    return await untilReady(logFile, () => ended)
  } catch (error) {
    const signal = signals.seen()
    throw signal ? new Interrupted(signal, 'the local cloud was stopped before it was ready') : error
  } finally {
    signals.close()
    child.unref()
  }
}

/** The exit code of what the caller has to mend. */
const usage = 2

async function untilReady(logFile: string, ended: () => number | null | undefined): Promise<RunningCloud> {
  let shown = 0
  for (;;) {
    const cloud = runningHere()
    const said = readFileSync(logFile, 'utf8')
    if (cloud === undefined) process.stderr.write(said.slice(shown))
    shown = said.length
    if (cloud !== undefined) return cloud
    if (ended() === usage)
      throw new ConfigurationError(
        'TG1513',
        `the local cloud did not start, for the reason above, which is in \`${logFile}\` too. Mend it, then start again.`,
      )
    if (ended() !== undefined)
      throw new EngineError(
        'TG5605',
        `the local cloud ended with code ${ended()} before it was ready: see \`${logFile}\`.`,
      )
    await sleep(100)
  }
}
