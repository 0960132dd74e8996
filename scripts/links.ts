/** Relative links of Markdown pages: does the file exist, and has it the heading? */

export interface Page {
  /** Relative to the repository, with slashes. */
  readonly path: string
  readonly text: string
}

const LINK = /\[[^\]]*\]\(([^()\s]+)\)/g
const ELSEWHERE = /^[a-z][a-z0-9+.-]*:/i

/** One line for each link that leads nowhere. `exists` takes a path relative to the repository, of a file or a folder. */
export function linkFindings(pages: readonly Page[], exists: (path: string) => boolean): string[] {
  const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]))
  return pages.flatMap(({ path, text }) =>
    [...prose(text).matchAll(LINK)].flatMap(([, target = '']) => {
      if (ELSEWHERE.test(target)) return []
      const [file = '', anchor] = target.split('#')
      const wanted = file === '' ? path : resolved(path, file)
      if (wanted === undefined || !exists(wanted)) return [`${path}: \`${target}\` is not there`]
      if (anchor === undefined || anchors.get(wanted)?.has(anchor)) return []
      return [`${path}: \`${target}\`: \`${wanted}\` has no such heading`]
    }),
  )
}

/** Without fenced blocks and code spans: what stands there is no link, nor a heading. */
const prose = (text: string): string =>
  text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '))

/** As GitHub makes them: lower case, punctuation gone, spaces to dashes, a number behind what came before. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replace(/^```.*?^```/gms, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    let anchor = slug
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`
    anchors.add(anchor)
  }
  return anchors
}

/** Undefined for what lies outside the repository. */
function resolved(from: string, to: string): string | undefined {
  const parts = from.split('/').slice(0, -1)
  for (const part of decodeURIComponent(to).split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}
