/** What is wrong with a configuration file: all of it at once, each with its number, place, and what to do. */
import { ConfigurationError } from '../errors.ts'
import { printable, shown } from '../files/shown.ts'

export type Path = readonly (string | number)[]

export interface Problem {
  readonly code: `TG1${number}`
  /** Where in the document; empty for the document itself. */
  readonly path: Path
  /** 1-based; undefined where the document has no such place. */
  readonly line: number | undefined
  readonly message: string
}

const SHOWN = 20

/** TG1200, terminal: the file was refused, and nothing of it was used. */
export class InvalidConfiguration extends ConfigurationError {
  readonly problems: readonly Problem[]

  constructor(fileName: string, problems: readonly Problem[]) {
    const lines = problems.slice(0, SHOWN).map((problem) => `  ${problemLine(fileName, problem)}`)
    const more = problems.length > SHOWN ? [`  … and ${problems.length - SHOWN} more`] : []
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    super('TG1200', [`\`${shown(fileName)}\` has ${count}: correct the file`, ...lines, ...more].join('\n'))
    this.problems = problems
  }
}

/** `tidegate.yml:12 TG1202 …` */
export const problemLine = (fileName: string, { code, line, message }: Problem): string =>
  `${shown(fileName)}${line === undefined ? '' : `:${line}`} ${code} ${printable(message)}`

/** `tables.taxi_trips.table_1.keys`, `defaults[0].target` — for messages. */
export function pathText(path: Path): string {
  let text = ''
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${part}`
  return shown(text)
}
