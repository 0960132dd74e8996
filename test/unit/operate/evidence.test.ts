import { describe, expect, it } from 'vitest'
import type { TableItem } from '../../../shared/contracts/ledger.ts'
import { createMemoryExecutions } from '../../../shared/memory/executions.ts'
import { createMemoryJobRuns } from '../../../shared/memory/job-runs.ts'
import { holderOf, isOver, told } from '../../../shared/operate/evidence.ts'
import { claimed } from '../../contract/support/items.ts'

const OWNER = 'arn:aws:states:us-east-1:000000000000:execution:m/EachBatch:a'

function world(item: Partial<TableItem> = {}) {
  const ports = { executions: createMemoryExecutions(), jobRuns: createMemoryJobRuns(), jobName: 'tidegate' }
  const ask = () => holderOf(claimed('hr_a', { claim_owner: OWNER, glue_job_run_id: 'e-1-0', ...item }), ports)
  return { ...ports, ask }
}

describe('[evidence] the holder of a claim', () => {
  it('is not over while its execution runs, though its job ended', async () => {
    const { executions, jobRuns, ask } = world()
    executions.set(OWNER, 'running')
    jobRuns.set('e-1-0', 'FAILED')
    const evidence = await ask()
    expect([isOver(evidence), told(evidence)]).toEqual([false, 'its execution still runs; job run jr_e-1-0 FAILED'])
  })

  it('is not over while one of its job runs works', async () => {
    const { executions, jobRuns, ask } = world()
    executions.set(OWNER, 'ended')
    jobRuns.set('e-1-0', 'FAILED', 'jr_1')
    jobRuns.set('e-1-0', 'RUNNING', 'jr_2')
    expect(isOver(await ask())).toBe(false)
    jobRuns.set('e-1-0', 'SUCCEEDED', 'jr_2')
    expect(isOver(await ask())).toBe(true)
  })

  it('of an execution that ended, with no job run to be found, is over only if none was ever started', async () => {
    const { executions, ask } = world()
    executions.set(OWNER, 'ended')
    expect(isOver(await ask())).toBe(false)
    executions.startedNoJob(OWNER)
    const evidence = await ask()
    expect([isOver(evidence), told(evidence)]).toEqual([true, 'its execution ended; it started no job'])
  })

  it('is not over when nobody can tell, whatever its job runs', async () => {
    const { jobRuns, ask } = world()
    jobRuns.set('e-1-0', 'SUCCEEDED')
    expect(isOver(await ask())).toBe(false)
  })

  it('that settling let go is told by its job runs alone, and other runs’ say nothing', async () => {
    const { jobRuns, ask } = world({ claim_owner: null })
    jobRuns.set('e-2-0', 'SUCCEEDED')
    expect(isOver(await ask())).toBe(false)
    jobRuns.set('e-1-0', 'FAILED')
    expect(isOver(await ask())).toBe(true)
  })
})
