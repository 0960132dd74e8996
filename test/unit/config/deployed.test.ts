import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { scheduleExpression } from '../../../shared/config/schedule-expression.ts'
import { resolved } from './support.ts'

const root = join(import.meta.dirname, '../../..')
const { readConfiguration } = createRequire(import.meta.url)(join(root, 'deploy/configuration.cjs'))

it('a schedule is deployed as `config apply` reads its cadence', () => {
  const file = join(root, 'examples/tidegate.yml')
  const text = readFileSync(file, 'utf8')
  const applied = resolved(text).cadences.map(({ refresh_cadence }) => {
    const { timezone = 'UTC', ...timing } = parse(text).cadences[refresh_cadence]
    return { name: refresh_cadence, expression: scheduleExpression(timing), timezone }
  })
  expect(readConfiguration(file).cadences).toMatchObject(applied)
})
