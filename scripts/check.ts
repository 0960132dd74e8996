/** `npm run check [-- NAME…]`: all checks, or the named ones. Exit code 1 if one failed. */
import { allChecks, runChecks } from './checks.ts'
import { endAll } from './exec.ts'

const names = process.argv.slice(2)
const known = allChecks()
const unknown = names.filter((name) => !known.some((check) => check.name === name))
if (unknown.length > 0) {
  console.error(
    `TG9905: there is no check \`${unknown.join('`, `')}\`; there are: ${known.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}
process.on('SIGINT', () => {
  endAll()
  process.exit(130)
})
const chosen = names.length > 0 ? known.filter(({ name }) => names.includes(name)) : known
const failed = await runChecks(chosen, console.log)
console.log(
  failed.length > 0
    ? `\n${failed.length} of ${chosen.length} failed: ${failed.join(', ')}`
    : `\nall ${chosen.length} passed`,
)
process.exitCode = failed.length > 0 ? 1 : 0
