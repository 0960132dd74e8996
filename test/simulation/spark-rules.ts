/** What the job must do right. All true is the job as it is; each one off is a defect that the simulator must find. */
export interface SparkRules {
  readonly looksForItsBatch: boolean
  readonly refusesOlderToken: boolean
  readonly commitsOnThePinnedSnapshot: boolean
  readonly scansThePinnedSnapshot: boolean
  readonly checksEtags: boolean
  readonly comparesSequences: boolean
  readonly readsTombstones: boolean
  readonly replacesAtReload: boolean
  readonly appliesAllFiles: boolean
  readonly saysUnknown: boolean
  readonly writesAlone: boolean
}

export const CORRECT_SPARK: SparkRules = {
  looksForItsBatch: true,
  refusesOlderToken: true,
  commitsOnThePinnedSnapshot: true,
  scansThePinnedSnapshot: true,
  checksEtags: true,
  comparesSequences: true,
  readsTombstones: true,
  replacesAtReload: true,
  appliesAllFiles: true,
  saysUnknown: true,
  writesAlone: true,
}
