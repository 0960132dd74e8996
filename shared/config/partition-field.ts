/** One entry of `partition_by`. Strict, since column names reach the table's definition. */

export type PartitionField =
  | { readonly transform: 'bucket'; readonly buckets: number; readonly column: string }
  | { readonly transform: 'days' | 'months' | 'identity'; readonly column: string }

const COLUMN = '[A-Za-z_][A-Za-z0-9_]{0,127}'
const BUCKET = new RegExp(`^bucket\\(\\s*([1-9]\\d{0,4})\\s*,\\s*(${COLUMN})\\s*\\)$`)
const TIME = new RegExp(`^(days|months)\\(\\s*(${COLUMN})\\s*\\)$`)
const IDENTITY = new RegExp(`^${COLUMN}$`)

/** Undefined for anything else than `bucket(16, pk_id)`, `days(col)`, `months(col)` or a column's name. */
export function partitionField(text: string): PartitionField | undefined {
  const bucket = BUCKET.exec(text)
  if (bucket?.[2] !== undefined) return { transform: 'bucket', buckets: Number(bucket[1]), column: bucket[2] }
  const time = TIME.exec(text)
  if (time?.[2] !== undefined) return { transform: time[1] as 'days' | 'months', column: time[2] }
  return IDENTITY.test(text) ? { transform: 'identity', column: text } : undefined
}
