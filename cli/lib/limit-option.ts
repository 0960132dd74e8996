/** `--limit N`: how many of the newest are shown. */
import { InvalidArgumentError, Option } from 'commander'

const most = 10_000

/** 1 to 10,000; anything else is wrong usage. */
export const limitOption = (description: string, byDefault: number): Option =>
  new Option('--limit <n>', description).default(byDefault).argParser((text) => {
    const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0
    if (limit < 1 || limit > most) throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`)
    return limit
  })
