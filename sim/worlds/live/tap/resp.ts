/**
 * Reads a stream of RESP commands and counts every byte: the sum of their lengths is Redis's replication offset.
 * (Libraries parse replies, and do not say where in the stream they are.)
 */
export interface ParsedCommand {
  args: string[]
  /** Bytes it took on the wire. */
  bytes: number
}

const asterisk = 0x2a
const cr = 0x0d
const newline = 0x0a

export class CommandReader {
  #rest: Buffer = Buffer.alloc(0)

  /** The commands that this chunk completes. Throws on what is no RESP command. */
  read(chunk: Buffer): ParsedCommand[] {
    const data = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk
    const commands: ParsedCommand[] = []
    let at = 0
    for (;;) {
      // A primary that prepares something sends bare newlines to keep the link alive; they are outside the stream.
      while (data[at] === newline) at++
      const end = this.#command(data, at, commands)
      if (end < 0) break
      at = end
    }
    this.#rest = Buffer.from(data.subarray(at))
    return commands
  }

  /** Where the command that starts here ends, or -1 when it is not whole yet. */
  #command(data: Buffer, start: number, commands: ParsedCommand[]): number {
    if (start >= data.length) return -1
    if (data[start] !== asterisk)
      throw new Error(`not a command: ${JSON.stringify(data.toString('latin1', start, start + 40))}`)
    const count = number(data, start + 1)
    if (!count) return -1
    const args = new Array<string>(count.value)
    let at = count.next
    for (let n = 0; n < count.value; n++) {
      const length = number(data, at + 1)
      if (!length || length.next + length.value + 2 > data.length) return -1
      args[n] = data.toString('utf8', length.next, length.next + length.value)
      at = length.next + length.value + 2
    }
    commands.push({ args, bytes: at - start })
    return at
  }
}

/** The decimal before the next CRLF. */
function number(data: Buffer, from: number): { value: number; next: number } | undefined {
  let value = 0
  for (let at = from; at < data.length; at++) {
    if (data[at] === cr) return at + 1 < data.length ? { value, next: at + 2 } : undefined
    value = value * 10 + data[at]! - 0x30
  }
}

/** A command as it goes over the wire. */
export const encode = (...args: readonly (string | number)[]): string =>
  `*${args.length}\r\n${args.map(arg => `$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`).join('')}`
