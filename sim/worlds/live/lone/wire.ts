/**
 * A connection that hides nothing: replies as they came, with their types and their error texts, and no command of its own.
 * (Client libraries turn error replies into exceptions, statuses into strings, and large integers into something near.)
 */
import { createConnection, type Socket } from 'node:net'
import type { Reply } from '../../../redis/reply.ts'

export type Address = { path: string } | { host: string; port: number }

/** Strings are byte strings, as in `Reply`. */
export type Arguments = readonly string[]

export interface Wire {
  /** Sends all at once; resolves with all replies, in order. Rejects when the connection breaks. */
  pipeline(commands: readonly Arguments[]): Promise<Reply[]>
  close(): void
}

interface Waiting {
  count: number
  replies: Reply[]
  resolve(replies: Reply[]): void
  reject(error: Error): void
}

/** Speaks RESP2 (redis.io/docs/reference/protocol-spec). Rejects when nobody listens. */
export function openWire(address: Address): Promise<Wire> {
  const socket = createConnection(address)
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => resolve(wireOver(socket)))
  })
}

function wireOver(socket: Socket): Wire {
  const waiting: Waiting[] = []
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
    let at = 0
    while (waiting.length) {
      const next = replyAt(text, at)
      if (!next) break
      at = next.end
      const [first] = waiting as [Waiting]
      first.replies.push(next.reply)
      if (first.replies.length === first.count) waiting.shift()?.resolve(first.replies)
    }
    text = text.slice(at)
  })
  const broken = (error: Error) => {
    for (const { reject } of waiting.splice(0)) reject(error)
  }
  socket.on('error', broken)
  socket.on('close', () => broken(new Error('the connection was closed')))
  return {
    pipeline: commands =>
      new Promise((resolve, reject) => {
        waiting.push({ count: commands.length, replies: [], resolve, reject })
        socket.write(commands.map(encode).join(''), 'latin1')
      }),
    close: () => socket.destroy(),
  }
}

const encode = (args: Arguments) => `*${args.length}\r\n${args.map(arg => `$${arg.length}\r\n${arg}\r\n`).join('')}`

/** The reply that starts here, and where it ends; undefined when it is not whole yet. */
function replyAt(text: string, at: number): { reply: Reply; end: number } | undefined {
  const lineEnd = text.indexOf('\r\n', at)
  if (lineEnd < 0) return undefined
  const line = text.slice(at + 1, lineEnd)
  const end = lineEnd + 2
  switch (text[at]) {
    case '+':
      return { reply: { ok: line }, end }
    case '-':
      return { reply: { err: line }, end }
    case ':':
      return { reply: integer(line), end }
    case '$': {
      const length = Number(line)
      if (length < 0) return { reply: null, end }
      return end + length + 2 > text.length
        ? undefined
        : { reply: text.slice(end, end + length), end: end + length + 2 }
    }
    case '*':
      return itemsAt(text, end, Number(line))
  }
  throw new Error(`not a reply: ${JSON.stringify(text.slice(at, at + 40))}`)
}

function itemsAt(text: string, from: number, count: number): { reply: Reply; end: number } | undefined {
  if (count < 0) throw new Error('a null array: none of the commands answers one')
  const items: Reply[] = []
  let end = from
  while (items.length < count) {
    const item = replyAt(text, end)
    if (!item) return undefined
    items.push(item.reply)
    end = item.end
  }
  return { reply: items, end }
}

function integer(line: string): number | bigint {
  const value = Number(line)
  return Number.isSafeInteger(value) ? value : BigInt(line)
}
