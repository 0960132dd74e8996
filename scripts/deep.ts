/** `npm run check:deep [-- STEP… [ARGUMENT…]]`: every step, or the named ones. */
import { DEEP_PLAN } from './deep-suites.ts'
import { runSuites } from './run-suites.ts'

await runSuites(DEEP_PLAN, process.argv.slice(2))
