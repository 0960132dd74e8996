/** `tidegate local up | down | env | status | logs | fast-forward`: a cloud on this machine, with this project deployed on it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { startLocalCloud } from '../../local/cloud.ts'
import { deployToLocalCloud } from '../../local/deploy/deploy.ts'
import { isAlive } from '../../scripts/bootstrap/lock.mjs'
import { ConfigurationError, EngineError } from '../../shared/errors.ts'
import { startDetached } from '../lib/detached.ts'
import { duration, plural } from '../lib/human.ts'
import { Interrupted, watchSignals } from '../lib/interrupted.ts'
import { runningCloud } from '../lib/local-admin.ts'
import { pointTo, type RunningCloud, refuseSecond, removePointer, runningHere } from '../lib/local-pointer.ts'
import type { Output } from '../lib/output.ts'
import { type Globals, outputOf } from './globals.ts'
import { addLocalFastForward } from './local-fast-forward.ts'
import { addLocalLogs } from './local-logs.ts'
import { addLocalStatus } from './local-status.ts'

interface UpOptions {
  readonly port?: string
  readonly dataDir?: string
  readonly detach?: boolean
  readonly maxJobs: string
  readonly schedules?: boolean
}

export function addLocal(program: Command): void {
  const local = program.command('local').description('a cloud on this machine: no account, no Docker, loopback only')

  local
    .command('up')
    .description('start it and deploy this project on it')
    .option(
      '--port <port>',
      "port on 127.0.0.1; 0 takes a free one (default: the data directory's, else 4666, or a free one where that is taken)",
    )
    .option('--data-dir <dir>', 'keep all state there between starts; without it everything is gone at the end')
    .option('--max-jobs <n>', 'Spark jobs at once; more wait', '1')
    .option(
      '--schedules',
      "fire the cadences' schedules as AWS would (default off, so that you decide when a cadence runs)",
    )
    .option('--detach', 'return when it is ready, and leave it running')
    .action(async (options: UpOptions, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const output = outputOf(globals)
      refuseSecond()
      if (options.detach) announce(await startDetached(withoutDetach(options)), output)
      else await runInForeground(options, output)
    })

  local
    .command('down')
    .description('stop it; its state is written first')
    .action(async (_: unknown, command: Command) => {
      const output = outputOf(command.optsWithGlobals<Globals>())
      const cloud = runningHere()
      if (cloud) await stop(cloud)
      const text = cloud ? `stopped the local cloud at ${cloud.endpoint}` : 'no local cloud runs in this folder'
      output.result({ stopped: cloud !== undefined }, () => output.line(text))
    })

  local
    .command('env')
    .description('print the AWS_… environment that leads any SDK or the AWS CLI to it')
    .action((_: unknown, command: Command) => {
      const output = outputOf(command.optsWithGlobals<Globals>())
      const { env } = runningCloud()
      output.result(env, () => {
        for (const [name, value] of Object.entries(env)) output.line(`export ${name}='${value}'`)
      })
    })

  addLocalStatus(local)
  addLocalLogs(local)
  addLocalFastForward(local)
}

const withoutDetach = (options: UpOptions): string[] => [
  'local',
  'up',
  ...(options.port === undefined ? [] : ['--port', options.port]),
  ...(options.dataDir === undefined ? [] : ['--data-dir', options.dataDir]),
  '--max-jobs',
  options.maxJobs,
  ...(options.schedules ? ['--schedules'] : []),
]

async function runInForeground(options: UpOptions, output: Output): Promise<void> {
  const started = Date.now()
  const signals = watchSignals()
  output.note('starting the local cloud')
  const cloud = await startLocalCloud({
    ...(options.port === undefined ? {} : { port: portOf(options.port) }),
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    maxJobs: Number(options.maxJobs),
    schedules: options.schedules ?? false,
  })
  if (cloud.interrupted > 0)
    output.note(`once it is deployed, ${plural(cloud.interrupted, 'execution')} of before will go on`)
  let ended: string | undefined
  const deployed = deployToLocalCloud({
    endpoint: cloud.endpoint,
    stage: 'local',
    log: (line) => output.note(line),
    signal: signals.aborted,
  })
  try {
    await Promise.race([deployed, signals.first])
    const early = signals.seen()
    if (early) throw new Interrupted(early, 'the local cloud was stopped before it was ready')
    await cloud.begin()
    pointTo(cloud.dataDir)
    output.note(`ready after ${duration(Date.now() - started)}`)
    announce({ pid: process.pid, endpoint: cloud.endpoint, dataDir: cloud.dataDir, env: cloud.env() }, output)
    const failure = await Promise.race([signals.first.then(() => undefined), cloud.failed])
    if (failure !== undefined) {
      ended = failure
      throw new EngineError('TG5603', `${failure}. Start again with \`tidegate local up\`.`)
    }
  } finally {
    await cloud.stop()
    await deployed.catch(() => undefined) // what it started has ended then, too
    if (ended === undefined) removePointer()
    else pointTo(cloud.dataDir, ended)
  }
}

/** Throws ConfigurationError TG1508. */
function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new ConfigurationError('TG1508', `\`${text}\` is no port. Give a number from 0 (a free one) to 65535.`)
}

function announce(cloud: RunningCloud, output: Output): void {
  output.result({ endpoint: cloud.endpoint, pid: cloud.pid, data_dir: cloud.dataDir }, () => {
    output.line(`the local cloud answers at ${cloud.endpoint} (process ${cloud.pid}, data in ${cloud.dataDir})`)
  })
}

const stopPatienceMs = 60_000

/** Throws EngineError TG5604 if it does not end. */
async function stop(cloud: RunningCloud): Promise<void> {
  process.kill(cloud.pid, 'SIGTERM')
  const deadline = Date.now() + stopPatienceMs
  while (isAlive(cloud.pid)) {
    if (Date.now() > deadline)
      throw new EngineError(
        'TG5604',
        `process \`${cloud.pid}\` has not ended after 60 s. End it with \`kill -9 ${cloud.pid}\`.`,
      )
    await sleep(100)
  }
}
