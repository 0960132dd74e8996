// @ts-check
/** Shows what the bootstrap does, on stderr: a live block on a terminal, plain lines elsewhere. */
import { stripVTControlCharacters } from 'node:util'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const STILL_AT_WORK_MS = 20_000

/**
 * @typedef {object} Progress
 * @property {(line: string) => void} print a line of its own, above what is running
 * @property {(label: string) => void} begin
 * @property {(label: string, detail: string) => void} detail the tool's latest line
 * @property {(label: string, ok: boolean) => void} end
 * @property {() => void} stop
 */

/**
 * @param {{ labels: string[], stream?: NodeJS.WriteStream | { write(text: string): unknown, isTTY?: boolean, columns?: number } }} options
 * @returns {Progress}
 */
export function startProgress({ labels, stream = process.stderr }) {
  const width = Math.max(...labels.map((label) => label.length))
  const live = Boolean(stream.isTTY) && !process.env.CI
  /** @type {Map<string, { since: number, detail: string }>} */
  const running = new Map()
  let drawn = 0
  let frame = 0

  const seconds = (/** @type {number} */ since) => `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`
  const erase = () => {
    if (drawn > 0) stream.write(`\u001b[${drawn}A\u001b[J`)
    drawn = 0
  }
  const draw = () => {
    if (!live) return
    erase()
    for (const [label, { since, detail }] of running) {
      const line = `  ${FRAMES[frame % FRAMES.length]} ${label.padEnd(width)} ${seconds(since)}  ${detail}`
      stream.write(`${line.slice(0, (stream.columns || 80) - 1)}\n`)
      drawn += 1
    }
    frame += 1
  }
  const print = (/** @type {string} */ line) => {
    erase()
    stream.write(`${line}\n`)
    draw()
  }
  const tick = live
    ? setInterval(draw, 100)
    : setInterval(() => {
        for (const [label, { since, detail }] of running)
          print(`  … ${label.padEnd(width)} ${seconds(since)}  ${detail.slice(0, 90)}`)
      }, STILL_AT_WORK_MS)
  tick.unref()

  return {
    print,
    begin(label) {
      running.set(label, { since: performance.now(), detail: '' })
      if (!live) print(`  ▸ ${label}`)
    },
    detail(label, detail) {
      const entry = running.get(label)
      if (entry) entry.detail = printable(detail)
    },
    end(label, ok) {
      const entry = running.get(label)
      running.delete(label)
      print(`  ${ok ? '✓' : '✗'} ${label.padEnd(width)} ${seconds(entry?.since ?? performance.now())}`)
    },
    stop() {
      clearInterval(tick)
      erase()
    },
  }
}

/** A tool's line without colours and control characters, which would break the block. @param {string} text */
const printable = (text) =>
  stripVTControlCharacters(text)
    .replace(/\p{Cc}/gu, ' ')
    .trim()
