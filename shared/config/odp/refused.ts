/** What is wrong with the framework's manifests taken together: all of it at once, each with file and line. */
import { ConfigurationError } from '../../errors.ts'
import { problemLine } from '../problems.ts'

export interface ManifestProblem {
  readonly code: `TG1${number}`
  readonly fileName: string
  readonly line: number | undefined
  readonly message: string
}

const SHOWN = 20

/** TG1230, terminal: nothing was written. */
export class ManifestsRefused extends ConfigurationError {
  readonly problems: readonly ManifestProblem[]

  constructor(problems: readonly ManifestProblem[]) {
    const lines = problems.slice(0, SHOWN).map((one) => `  ${problemLine(one.fileName, { ...one, path: [] })}`)
    const more = problems.length > SHOWN ? [`  … and ${problems.length - SHOWN} more`] : []
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    super(
      'TG1230',
      [`the manifests have ${count}: correct them, or give what is missing`, ...lines, ...more].join('\n'),
    )
    this.problems = problems
  }
}
