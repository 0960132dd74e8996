/** Names that all parts of a history share. */
export const CADENCE = '10_min_refresh'
export const CONTROL = 'control'
export const STAGING = 'staging'
/** What a file begins with that no job can read. */
export const POISON = 'not parquet'
