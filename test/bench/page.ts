/** docs/evidence/bench.md: one section a bench, and a run replaces only the sections of the benches that it ran. */

export interface Finding {
  readonly what: string
  /** As the page shows it; `-` for a figure that nobody has set a target for. */
  readonly target: string
  readonly measured: string
  /** Left out where there is no target. */
  readonly met?: boolean
}

/** What a module of this folder exports as `bench`; the module's file name is the name on the command line. */
export interface Bench {
  /** The section's heading. */
  readonly title: string
  /** How it is measured: rounds, warm-up, what stands for what. */
  readonly method: string
  /** Versions beyond Node's, such as `Spark 3.5.6`. */
  readonly versions?: readonly string[]
  readonly run: () => Promise<Findings>
}

export interface Findings {
  readonly rows: readonly Finding[]
  /** Markdown below the table: a profile, what a missed target comes from. */
  readonly notes?: string
}

const INTRO = `# Benchmarks
Written by \`npm run bench\`; \`npm run bench -- NAME…\` measures some sections again and leaves the others. Each section says when and where it was measured: machines
differ, so compare ratios, and times only within one section.
`
const MARK = /^<!-- bench: (\S+) -->\n/m

/** The page with `name`'s section put in the place of the old one, or behind the last. */
export function withSection(page: string, name: string, section: string): string {
  const parts = page.split(MARK)
  const sections = new Map<string, string>()
  for (let at = 1; at < parts.length; at += 2) sections.set(parts[at] ?? '', (parts[at + 1] ?? '').trim())
  sections.set(name, section.trim())
  return [INTRO, ...[...sections].map(([key, text]) => `<!-- bench: ${key} -->\n${text}\n`)].join('\n')
}

/** `measuredOn` says date, machine and versions. */
export function sectionOf(bench: Bench, measuredOn: string, { rows, notes }: Findings): string {
  const verdict = ({ met }: Finding) => (met === undefined ? '' : met ? 'met' : '**missed**')
  return [
    `## ${bench.title}`,
    `${measuredOn}. ${bench.method}`,
    '',
    '| what | target | measured | |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row.what} | ${row.target} | ${row.measured} | ${verdict(row)} |`),
    ...(notes ? ['', notes.trim()] : []),
  ].join('\n')
}
