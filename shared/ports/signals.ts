/** Metrics that alarms and dashboards watch; names are PascalCase, dimensions few (cadence, table only where it is rare). */
export type SignalUnit = 'Count' | 'Bytes' | 'Milliseconds' | 'Seconds'

export interface Signals {
  count(name: string, value: number, unit?: SignalUnit): void
}
