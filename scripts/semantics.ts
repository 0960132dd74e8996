/** `npm run test:semantics [-- ARGUMENT…]`: the behaviour suite alone, every case over every kind of table; arguments go to pytest. */
import { runSuites } from './run-suites.ts'
import { SEMANTICS_PLAN, semantics } from './suites.ts'

await runSuites(SEMANTICS_PLAN, [semantics.name, ...process.argv.slice(2)])
