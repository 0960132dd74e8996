/** Fails if package-lock.json would not install on a fresh machine or on another platform. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockFileFaults } from '../lock-file.ts'
import { ROOT } from '../places.ts'

const faults = lockFileFaults(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')))
console.log(faults.length > 0 ? faults.join('\n') : 'every entry has a hash, every platform an entry')
process.exitCode = faults.length > 0 ? 1 : 0
