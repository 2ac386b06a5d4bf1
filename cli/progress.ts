/** Progress of long work, for a person: a line that rewrites itself on a terminal, plain lines elsewhere. Always on stderr. */

export interface Progress {
  /** A step has begun; it shows how long it runs until the next call. */
  step(text: string): void
  /** A line that stays. */
  done(text: string): void
  stop(): void
}

export function createProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  const live = out.isTTY === true
  let began = 0
  let text = ''
  let beat: NodeJS.Timeout | undefined
  const draw = () => out.write(`\r\x1b[K${text} ${((performance.now() - began) / 1000).toFixed(0)} s`)
  const clear = () => {
    clearInterval(beat)
    if (live && text) out.write('\r\x1b[K')
    text = ''
  }
  return {
    step(next) {
      clear()
      text = next
      began = performance.now()
      if (!live) return void out.write(`${next}\n`)
      draw()
      beat = setInterval(draw, 1_000)
    },
    done(line) {
      clear()
      out.write(`${line}\n`)
    },
    stop: clear,
  }
}
