/** From the YAML file to what the Lambdas read: cadences, tables and sources, with every default filled in. */
import { shown } from '../files/shown.ts'
import { namedTables } from './named-tables.ts'
import type { ParsedConfig } from './parse.ts'
import { InvalidConfiguration, type Problem } from './problems.ts'
import { resolveCadences } from './resolve-cadences.ts'
import { resolveSources } from './resolve-sources.ts'
import { tableResolver } from './resolve-table.ts'
import type { DeploymentFacts, Provenance, ResolvedConfig, ResolvedTable } from './resolved.ts'

/** Throws InvalidConfiguration (TG1200) with every problem: TG1210 … TG1219, one each in resolve-*.ts and named-tables.ts. */
export function resolve(parsed: ParsedConfig, deployment: DeploymentFacts): ResolvedConfig {
  const sources = resolveSources(parsed)
  const cadences = resolveCadences(parsed, deployment)
  const named = namedTables(parsed)
  const problems: Problem[] = [...sources.problems, ...cadences.problems, ...named.problems]

  const resolveTable = tableResolver(parsed, deployment)
  const tables: ResolvedTable[] = []
  const provenance = new Map<string, Provenance>()
  const targets = new Map<string, string>()
  for (const table of named.tables) {
    const resolved = resolveTable(table)
    problems.push(...resolved.problems)
    if (!resolved.table) continue
    const target = `${resolved.table.target.database}.${resolved.table.target.table}`
    const first = targets.get(target)
    if (first !== undefined) {
      const message = `\`${shown(table.name)}\` and \`${shown(first)}\` both write \`${target}\`: give one another \`target.table\``
      problems.push({ code: 'TG1215', path: table.path, line: parsed.lineOf(table.path), message })
    }
    targets.set(target, table.name)
    tables.push(resolved.table)
    provenance.set(table.ledgerKey, resolved.from)
  }
  if (problems.length > 0) throw new InvalidConfiguration(parsed.fileName, once(problems))
  return { cadences: cadences.cadences, tables, sources: sources.sources, provenance }
}

/** What a whole block of tables lacks is one problem, not three thousand. */
function once(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>()
  for (const problem of problems) {
    const ofTheBlock = problem.code === 'TG1211' || problem.code === 'TG1216'
    const id = JSON.stringify([problem.code, problem.path, ofTheBlock ? '' : problem.message])
    if (!seen.has(id)) seen.set(id, problem)
  }
  return [...seen.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
}
