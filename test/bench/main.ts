/** `npm run bench`: measures, prints, and writes docs/evidence/bench.md. Never part of the tests: machines are noisy. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { batchManager, type Finding, fileManager } from './lambdas.ts'

process.env.POWERTOOLS_METRICS_DISABLED = 'true'

const findings: Finding[] = []
for (const bench of [fileManager, batchManager]) {
  const finding = await bench()
  findings.push(finding)
  process.stdout.write(`${finding.met ? '✓' : '✗'} ${finding.what}: ${finding.measured} (target ${finding.target})\n`)
}

const folder = join(import.meta.dirname, '..', '..', 'docs', 'evidence')
mkdirSync(folder, { recursive: true })
writeFileSync(
  join(folder, 'bench.md'),
  [
    '# Benchmarks',
    '',
    `Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.version}, ${process.platform} ${process.arch},`,
    `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}. Medians of CPU time over 7 rounds after one to warm up; in-memory ports.`,
    '',
    '| what | target | measured | |',
    '|---|---|---|---|',
    ...findings.map(
      (finding) => `| ${finding.what} | ${finding.target} | ${finding.measured} | ${finding.met ? 'met' : 'missed'} |`,
    ),
    '',
  ].join('\n'),
)
process.exitCode = findings.every((finding) => finding.met) ? 0 : 1
