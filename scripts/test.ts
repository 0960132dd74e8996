/** `npm test [-- SUITE… [ARGUMENT…]]`: every suite, or the named ones. */
import { runSuites } from './run-suites.ts'
import { PLAN } from './suites.ts'

await runSuites(PLAN, process.argv.slice(2))
