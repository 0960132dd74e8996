/**
 * Writes what is generated: from the zod contracts the JSON Schemas that the Python job validates with, the one of the YAML
 * file that editors read, and that file's reference page; from the command line's program its reference page.
 * `--check` writes nothing and fails if a file is not current.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { configJsonSchema } from '../shared/config/schema.ts'
import { outcome } from '../shared/contracts/outcome.ts'
import { plan } from '../shared/contracts/plan.ts'
import { cliPage } from './cli-page.ts'
import { configurationPage } from './configuration-page.ts'

const root = join(import.meta.dirname, '..')

const jsonSchema = (schema: z.ZodType): string => `${JSON.stringify(z.toJSONSchema(schema), null, 2)}\n`

const generated: Record<string, () => string> = {
  'tidegate.schema.json': () => `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  'docs/reference/configuration.md': configurationPage,
  'docs/reference/cli.md': cliPage,
  'spark-jobs/tidegate_job/schemas/plan.schema.json': () => jsonSchema(plan),
  'spark-jobs/tidegate_job/schemas/outcome.schema.json': () => jsonSchema(outcome),
}

const checking = process.argv.includes('--check')
let stale = 0
for (const [file, content] of Object.entries(generated)) {
  const path = join(root, file)
  const wanted = content()
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) continue
  if (checking) {
    stale += 1
    console.error(`\`${file}\` is not current: run \`npm run generate\``)
  } else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, wanted)
    console.log(`wrote ${file}`)
  }
}
process.exitCode = stale > 0 ? 1 : 0
