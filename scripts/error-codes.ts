/** Compares the error numbers of the sources with the page that explains them: both ways, and one meaning a number. */

export interface SourceFile {
  readonly path: string
  readonly text: string
}

interface Explained {
  readonly line: number
  /** Paths that the section says its numbers are thrown in. */
  readonly places: readonly string[]
}

const NUMBER = /TG\d{4}/g
/** A number as a literal, in code that makes an error of it; comparing with one, or naming one, is no throwing. */
const THROWN = /(?<!=\s*)['"`](TG\d{4})/g
const ROW = /^\| (TG\d{4}) \|/
const PLACES = /^Thrown in ((?:`[^`]+`(?:, )?)+)/

/** One line for each number that is unexplained, explained but gone, explained twice, or thrown where its section doesn't say. */
export function errorCodeFindings(sources: readonly SourceFile[], page: string): string[] {
  const found: string[] = []
  const explained = explainedIn(page, found)
  const used = new Set<string>()
  for (const { path, text } of sources) {
    for (const [number] of text.matchAll(NUMBER)) {
      if (!used.has(number) && !explained.has(number)) found.push(`${path}: ${number} is not on the page: add a row`)
      used.add(number)
    }
    for (const number of new Set([...text.matchAll(THROWN)].map((match) => match[1] ?? ''))) {
      const places = explained.get(number)?.places
      if (places && !places.some((place) => path === place || path.startsWith(`${place}/`)))
        found.push(
          `${path}: ${number} is explained as thrown in ${places.join(', ')}: take another number, or name this place if it means the same`,
        )
    }
  }
  for (const [number, { line }] of explained)
    if (!used.has(number)) found.push(`page, line ${line}: ${number} is in no source: remove the row`)
  return found
}

function explainedIn(page: string, found: string[]): Map<string, Explained> {
  const explained = new Map<string, Explained>()
  let places: string[] = []
  for (const [index, text] of page.split('\n').entries()) {
    const line = index + 1
    if (text.startsWith('## ')) places = []
    const said = PLACES.exec(text)?.[1]
    if (said) places = [...said.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
    const number = ROW.exec(text)?.[1]
    if (number === undefined) continue
    const first = explained.get(number)
    if (first) found.push(`page, line ${line}: ${number} is explained in line ${first.line} already`)
    else if (places.length === 0) found.push(`page, line ${line}: ${number} stands in a section without "Thrown in"`)
    else explained.set(number, { line, places })
  }
  return explained
}
