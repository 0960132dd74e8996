/** What may follow `npm run demo --`. */
import { parseArgs } from 'node:util'
import { ConfigurationError, messageOf } from '../shared/errors.ts'

export interface DemoOptions {
  /** Rows of each of the 18 tables. */
  readonly rows: number
  /** Leave the local cloud running at the end. */
  readonly keep: boolean
}

/** The key that the demo changes six times, minus one: with more rows it would be there before its insert. */
const mostRows = 1_369_769

/** Throws ConfigurationError TG1514. */
export function demoOptions(args: readonly string[]): DemoOptions | 'help' {
  const { rows, keep, help } = parsed(args)
  if (help) return 'help'
  if (/^\d+$/.test(rows) && Number(rows) >= 2 && Number(rows) <= mostRows) return { rows: Number(rows), keep }
  throw wrong(`\`--rows\` is \`${rows}\``)
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rows: { type: 'string', default: '25000' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw wrong(messageOf(error).split('. ')[0] ?? '')
  }
}

const wrong = (what: string): ConfigurationError =>
  new ConfigurationError(
    'TG1514',
    `${what}. Type \`npm run demo -- --rows N\` with a whole number from 2 to ${mostRows.toLocaleString('en-US')}, or \`npm run demo -- --help\`.`,
  )
