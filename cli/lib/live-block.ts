/** A few lines at the bottom of a terminal that change in place; what is printed stands above them. Elsewhere only what is printed. */
import { stripVTControlCharacters } from 'node:util'

export interface LiveBlock {
  /** A line that stays. */
  print(line: string): void
  /** Ends the block; the lines that stay are all that is left of it. */
  end(): void
}

export type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write(text: string): unknown }

const redrawMs = 200

/** `lines` is asked several times a second, on a terminal. Without a terminal nothing is drawn, and nothing cut. */
export function liveBlock(stream: Terminal, lines: () => readonly string[]): LiveBlock {
  if (!stream.isTTY) return { print: (line) => void stream.write(`${line}\n`), end: () => undefined }
  let drawn = 0
  const erased = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\r\u001b[J`)
  const draw = (above = ''): void => {
    // One column less than there is: a full line would wrap, and the block be one line higher than we know.
    const block = lines().map((line) => cut(line, (stream.columns || 80) - 1))
    stream.write(`${erased()}${above}${block.map((line) => `${line}\n`).join('')}`)
    drawn = block.length
  }
  const timer = setInterval(draw, redrawMs)
  timer.unref()
  draw()
  return {
    print: (line) => draw(`${line}\n`),
    end() {
      clearInterval(timer)
      stream.write(erased())
      drawn = 0
    },
  }
}

/** To `width` columns; a line that is too long loses its colours with its end. */
function cut(line: string, width: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length <= width ? line : `${plain.slice(0, width - 1)}…`
}
