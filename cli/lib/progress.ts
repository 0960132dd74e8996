/** One line that counts up on a terminal, and nothing at all elsewhere. Goes to standard error. */
export interface Progress {
  step(): void
  end(): void
}

export function progress(total: number, text: (done: number) => string): Progress {
  const visible = process.stderr.isTTY
  let done = 0
  const draw = (): void => {
    if (visible) process.stderr.write(`\r\u001b[2K${text(done)}`)
  }
  draw()
  return {
    step() {
      done += 1
      if (done === total || done % Math.max(1, Math.floor(total / 200)) === 0) draw()
    },
    end() {
      if (visible) process.stderr.write('\r\u001b[2K')
    },
  }
}
