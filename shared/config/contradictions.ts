/** Settings of one table that exclude each other. Pure. */
import { notEmptied } from '../claims/truncation.ts'
import type { FlatSettings, Setting } from './layers.ts'
import { writtenAs } from './target-format.ts'

/** Where, and the rest of a sentence that begins with the table's name. */
export function* contradictions(settings: FlatSettings): Generator<[Setting, string]> {
  if (settings.operations !== undefined && settings.apply_as_deletes !== undefined)
    yield ['operations', 'has `operations` and `apply_as_deletes` in one block: keep one']
  const historical = isHistorical(settings)
  if (settings.keys?.length === 0 && !historical)
    yield [
      'keys',
      'has no key, so that nobody can tell which row a change replaces: name its `keys`, or use `mode: historical`, which keeps every row',
    ]
  if (settings.before_image !== undefined && settings.shape === 'debezium')
    yield ['before_image', 'has `before_image`, but its envelopes have `before`: take it out']
  const cannot = settings.on_truncate === 'empty' ? notEmptied(emptiable(settings)) : undefined
  if (cannot) yield ['on_truncate', `${cannot}: use \`on_truncate: hold\` or \`ignore\``]
  if (settings.unavailable_value !== undefined && settings.operations === 'none')
    yield ['unavailable_value', untold('unavailable_value')]
  if (settings.null_means_unchanged === undefined) return
  if (settings.unavailable_value !== undefined && settings.shape !== 'debezium')
    yield [
      'null_means_unchanged',
      'has `null_means_unchanged` and `unavailable_value`: a null is either a value or left out. Keep one',
    ]
  if (settings.before_image !== undefined || settings.shape === 'debezium')
    yield [
      'null_means_unchanged',
      'has `null_means_unchanged`, and keys as they were before an update: the nulls of an update that changes the key would have no row to take values from. Keep one',
    ]
  if (historical)
    yield [
      'null_means_unchanged',
      'has `null_means_unchanged` in historical mode, whose rows stay as they came: take it out',
    ]
  if (settings.operations === 'none') yield ['null_means_unchanged', untold('null_means_unchanged')]
}

const untold = (setting: Setting): string =>
  `has \`${setting}\`, but nothing that tells its updates: name the operation column in \`operations\``

const isHistorical = ({ mode }: FlatSettings): boolean => mode === 'historical' || mode === 'H'

const emptiable = (settings: FlatSettings) => ({
  mode: isHistorical(settings) ? ('historical' as const) : ('snapshot' as const),
  format: settings['target.format'] ?? 'iceberg',
  properties: writtenAs(settings).properties,
})
