// @ts-check
/** Stamps: a small file inside what was built, that says from which inputs. Written last, so an interrupted build has none. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const STAMP = '.tidegate-stamp'

/**
 * SHA-256 (hex) over a lock file's bytes and whatever else the result depends on; the platform always counts, because
 * node modules, wheels and virtual environments are built for one.
 * @param {string} lockFile absolute path
 * @param {...string} alsoDependsOn
 */
export function inputHash(lockFile, ...alsoDependsOn) {
  const hash = createHash('sha256').update(readFileSync(lockFile))
  for (const part of [process.platform, process.arch, ...alsoDependsOn]) hash.update(`\0${part}`)
  return hash.digest('hex')
}

/**
 * Whether `folder` was built completely from these inputs.
 * @param {string} folder
 * @param {string} hash
 */
export function isStamped(folder, hash) {
  try {
    return readFileSync(join(folder, STAMP), 'utf8').trim() === hash
  } catch {
    return false
  }
}

/**
 * @param {string} folder
 * @param {string} hash
 */
export function stamp(folder, hash) {
  writeFileSync(join(folder, STAMP), `${hash}\n`)
}
