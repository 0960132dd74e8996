/** Where the tools are. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')
export const PYTHON = join(ROOT, '.venv', 'bin', 'python')
export const SPARK_JOBS = join(ROOT, 'spark-jobs')

/** A command line that runs a JavaScript tool of the lock file, or a script of ours, under this very Node. */
export const node = (...argv: string[]): string[] => [process.execPath, ...argv]
export const tool = (path: string): string => join(ROOT, 'node_modules', path)

/** The scripts in `scripts/checks/`: each is one check, and passes by exiting with 0. */
export const checkScripts = (): string[] =>
  readdirSync(join(import.meta.dirname, 'checks'))
    .filter((name) => /\.(mjs|ts)$/.test(name))
    .sort()
