/** The engine that runs jobs: starts may be refused, doubted, late or doubled, and what it says of a run may be wrong. */
import type { JobResult } from '../../shared/contracts/runs.ts'
import type { JobRuns } from '../../shared/ports/job-runs.ts'
import { actorNamed } from './faults.ts'
import { JobRun } from './job.ts'
import type { World } from './world.ts'

/** What became of one start. */
export interface Started {
  readonly job: JobResult
  /** No start was tried, or it was surely refused: what the execution's history shows. */
  readonly refused: boolean
}

const MINUTE_MS = 60_000

export class Engine implements JobRuns {
  readonly #runs: JobRun[] = []
  readonly #world: World
  #starts = 0

  constructor(world: World) {
    this.#world = world
  }

  /** The job step of the state machine: starts a job run, and waits for its end, as `startJobRun.sync` does. */
  async startAndWait(planUri: string, runId: string, onStart: (job: JobRun) => void): Promise<Started> {
    const { faults, scheduler, random } = this.#world
    this.#starts += 1
    const actor = actorNamed(`start ${this.#starts}`)
    await scheduler.turn()
    if (faults.strikes('job-start-refused', actor)) return { job: notStarted, refused: true }
    if (faults.strikes('job-start-unclear', actor)) {
      // The request may still be on its way.
      if (random.chance(0.6)) scheduler.sleep(random.below(3 * MINUTE_MS)).then(() => this.#start(planUri, runId))
      return { job: unclear('read timed out'), refused: false }
    }
    const first = this.#start(planUri, runId)
    const twin = faults.strikes('job-started-twice', actor) ? this.#start(planUri, runId) : undefined
    const watched = twin && random.chance(0.5) ? twin : first
    onStart(watched)
    if (!faults.strikes('job-state-unreadable', actor)) return { job: await watched.reported, refused: false }
    await scheduler.sleep(random.below(10 * MINUTE_MS))
    return { job: unclear('GetJobRun was throttled'), refused: false }
  }

  async of(_jobName: string, runId: string) {
    return this.#runs
      .filter((run) => run.runId === runId)
      .map((run) => ({ id: run.id, state: run.saysEnded ? 'FAILED' : 'RUNNING', over: run.saysEnded }))
  }

  #start(planUri: string, runId: string): JobRun {
    const run = new JobRun(`job ${this.#runs.length + 1}`, planUri, runId, this.#world)
    this.#runs.push(run)
    this.#world.trace?.(`${run.id}  started for ${runId}`)
    run.run()
    return run
  }
}

const notStarted: JobResult = { started: 'no', id: null, state: null, error: 'Glue.ConcurrentRunsExceededException' }
const unclear = (error: string): JobResult => ({ started: 'maybe', id: null, state: null, error })
