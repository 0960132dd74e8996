/** Medians of CPU time: machines are noisy, and the time of a core that somebody else had is not ours. */
export interface Measured {
  /** CPU seconds (user and system) of the median round. */
  readonly cpuS: number
  readonly rounds: number
}

/** One round to warm up, then `rounds` that count. */
export async function medianCpu(rounds: number, work: () => Promise<void>): Promise<Measured> {
  await work()
  const seconds: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    seconds.push((user + system) / 1_000_000)
  }
  seconds.sort((a, b) => a - b)
  return { cpuS: seconds[Math.floor(rounds / 2)] ?? Number.NaN, rounds }
}
