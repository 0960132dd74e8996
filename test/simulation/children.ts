/** What Step Functions knows of the children of its Maps: whether each runs, and what its history shows of job starts. */
import type { Executions } from '../../shared/ports/executions.ts'

type Event = 'ended' | 'tried to start a job' | 'was refused a job'

export class Children implements Executions {
  readonly #running = new Map<string, boolean>()
  readonly #histories = new Map<string, Event[]>()

  begins(arn: string): void {
    this.#running.set(arn, true)
  }

  ends(arn: string): void {
    if (!this.#running.get(arn)) return
    this.#running.set(arn, false)
    this.record(arn, 'ended')
  }

  record(arn: string, event: Event): void {
    const history = this.#histories.get(arn)
    if (history) history.push(event)
    else this.#histories.set(arn, [event])
  }

  async state(arn: string): Promise<'running' | 'ended' | 'unknown'> {
    const running = this.#running.get(arn)
    return running === undefined ? 'unknown' : running ? 'running' : 'ended'
  }

  async jobStart(arn: string, endings: number): Promise<'never' | 'maybe'> {
    let ends = 0
    let open = 0
    for (const event of this.#histories.get(arn) ?? []) {
      if (event === 'tried to start a job') open += 1
      else if (event === 'was refused a job') open -= 1
      else ends += 1
      if (ends === endings) return open === 0 ? 'never' : 'maybe'
    }
    return 'maybe'
  }
}
