/** Cadences with their defaults, and the checks that a schema can't say. */
import { messageOf } from '../errors.ts'
import { shown } from '../files/shown.ts'
import type { ParsedConfig } from './parse.ts'
import type { Problem } from './problems.ts'
import type { DeploymentFacts, ResolvedCadence } from './resolved.ts'
import { scheduleExpression } from './schedule-expression.ts'
import type { CadenceBlock } from './schema.ts'
import { bytesOf } from './units.ts'

const DEFAULTS = {
  batch_size: 5,
  max_concurrency: 10,
  max_files_per_table: 1000,
  max_bytes_per_table: '10 GiB',
  worker_type: 'G.1X',
  max_workers: 10,
}

/** Problems TG1218 (when it runs), TG1217 (an engine of a later version). */
export function resolveCadences(
  { config, lineOf }: ParsedConfig,
  deployment: DeploymentFacts,
): { cadences: ResolvedCadence[]; problems: Problem[] } {
  const problems: Problem[] = []
  const cadences = Object.entries(config.cadences).map(([name, cadence]) => {
    const report = (code: Problem['code'], fields: readonly string[], message: string) => {
      const path = ['cadences', name, ...fields]
      problems.push({ code, path, line: lineOf(path), message: `cadence \`${shown(name)}\` ${message}` })
    }
    checkTiming(cadence, report)
    const engine = cadence.compute?.engine ?? 'glue'
    if (engine !== 'glue')
      report(
        'TG1217',
        ['compute', 'engine'],
        `has engine \`${engine}\`, and this version runs on Glue only: use \`glue\``,
      )
    return cadenceItem(name, cadence, deployment)
  })
  return { cadences, problems }
}

function cadenceItem(name: string, cadence: CadenceBlock, { glueJobName }: DeploymentFacts): ResolvedCadence {
  const { engine = 'glue', worker_type, max_workers, job_name } = cadence.compute ?? {}
  return {
    refresh_cadence: name,
    datalake_format: 'iceberg',
    engine,
    glue_job_name: job_name ?? glueJobName,
    glue_job_worker_type: worker_type ?? DEFAULTS.worker_type,
    glue_job_max_workers: max_workers ?? DEFAULTS.max_workers,
    refresh_tables_batch_size: cadence.batch_size ?? DEFAULTS.batch_size,
    max_concurrency: cadence.max_concurrency ?? DEFAULTS.max_concurrency,
    max_files_per_claim: cadence.max_files_per_table ?? DEFAULTS.max_files_per_table,
    max_bytes_per_claim: bytesOf(cadence.max_bytes_per_table ?? DEFAULTS.max_bytes_per_table) ?? 0,
  }
}

function checkTiming(
  { every, cron, timezone }: CadenceBlock,
  report: (code: Problem['code'], fields: readonly string[], message: string) => void,
): void {
  try {
    scheduleExpression({ every, cron })
  } catch (error) {
    const field = every === undefined ? 'cron' : 'every'
    report('TG1218', [field], messageOf(error).replace(/^TG\d+: /, ''))
  }
  if (timezone === undefined) return
  if (cron === undefined)
    report('TG1218', ['timezone'], 'has a `timezone`, which an interval does not have: remove it, or use `cron`')
  if (!isTimeZone(timezone))
    report('TG1218', ['timezone'], `has timezone \`${shown(timezone)}\`, which is none: write it as \`Europe/Berlin\``)
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
