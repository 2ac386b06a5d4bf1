/** Progress of long work, for a person: a line that rewrites itself on a terminal, plain lines elsewhere. Always on stderr. */

export interface Progress {
  /** A step has begun; it shows how long it runs until the next call. */
  step(text: string): void
  /** The step goes on and says something else: within a second on a terminal, as a plain line every ten seconds elsewhere. */
  update(text: string): void
  /** A line that stays, and the step is over. */
  done(text: string): void
  /** A line that stays, and the step goes on. */
  note(text: string): void
  stop(): void
}

const plainEveryMs = 10_000

export function createProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  const live = out.isTTY === true
  let began = 0
  let text = ''
  let said = 0
  let beat: NodeJS.Timeout | undefined
  const wipe = () => {
    if (live && text) out.write('\r\x1b[K')
  }
  const draw = () => {
    const line = `${text} ${((performance.now() - began) / 1000).toFixed(0)} s`
    // A line that wraps could not be rewritten.
    out.write(`\r\x1b[K${line.slice(0, (out.columns || 80) - 1)}`)
  }
  const clear = () => {
    clearInterval(beat)
    wipe()
    text = ''
  }
  return {
    step(next) {
      clear()
      text = next
      began = said = performance.now()
      if (!live) return void out.write(`${next}\n`)
      draw()
      beat = setInterval(draw, 1_000)
    },
    update(next) {
      text = next
      if (live || performance.now() - said < plainEveryMs) return
      said = performance.now()
      out.write(`${next}\n`)
    },
    done(line) {
      clear()
      out.write(`${line}\n`)
    },
    note(line) {
      wipe()
      out.write(`${line}\n`)
      if (live && text) draw()
    },
    stop: clear,
  }
}
