/** What no committed file may hold: a registry's host, a path of somebody's machine, a left-over. The patterns are written so that they don't find themselves. */

interface Ban {
  readonly what: string
  readonly pattern: RegExp
  readonly in?: RegExp
}

const SOURCES = /\.(ts|mjs|cjs|js|py|sh|yml|yaml)$|^\.ci\//

const BANS: readonly Ban[] = [
  {
    what: 'a registry host',
    pattern:
      /registry\.(?:npmjs|yarnpkg)\.|files\.python[h]osted\.org|(?:test\.)?pypi[.]org\/simple|repo1?\.maven[.](?:apache\.)?org|[a-z0-9.-]+\/artifactory\/|\bnexus[.-][a-z0-9.-]+\/repository\//,
  },
  { what: 'a registry setting', pattern: /^\s*(?:--(?:extra-)?index-url|--find-links|registry\s*=|"resolved":)/m },
  { what: 'a path of a machine', pattern: /(?<![\w.$}*-])\/(?:root|(?:home|Users)\/[\w.-]+)\/[\w.-]/ },
  { what: 'a left-over mark', pattern: /\b(?:TO[D]O|FIX[M]E|XX[X])\b/, in: SOURCES },
  {
    what: 'a test that keeps the others from running',
    pattern: /\b(?:describe|it|test|suite)(?:\.\w+)*\.only\b/,
    in: SOURCES,
  },
]

/** `path:line: what, the text` for each find. */
export function findings(path: string, text: string): string[] {
  const found: string[] = []
  for (const { what, pattern, in: where } of BANS) {
    if (where && !where.test(path)) continue
    for (const match of text.matchAll(new RegExp(pattern, `${pattern.flags}g`))) {
      const line = text.slice(0, match.index).split('\n').length
      found.push(`${path}:${line}: ${what}: \`${match[0].trim()}\``)
    }
  }
  return found
}
