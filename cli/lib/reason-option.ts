/** `--reason TEXT`: why somebody acts, for the audit item and for whoever looks at the table next. */
import { InvalidArgumentError, Option } from 'commander'

/** What an audit item takes. */
const longest = 1024

/** One line of text; anything else is wrong usage. */
export const reasonOption = (description = 'why; kept in the audit item'): Option =>
  new Option('--reason <text>', description).argParser((text) => {
    const reason = text.trim()
    if (reason === '' || reason.length > longest || /[\p{Cc}\u2028\u2029]/u.test(reason))
      throw new InvalidArgumentError(`Give one line of at most ${longest} characters.`)
    return reason
  })
