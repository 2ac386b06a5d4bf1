/**
 * Asks one node for its time and its offset in one transaction, hundreds of times a second. Its own socket and one regular
 * expression, because a general client costs several times as much, which the storm beside it would pay for.
 */
import type { Address } from '../cluster/at-node.ts'
import { socketTo } from '../cluster/socket.ts'
import { hostNow } from '../part.ts'
import type { Fence } from './fence-clock.ts'
import { introduction } from './introduction.ts'

export interface FenceLink {
  /** One at a time. Rejects when the node does not answer within a second, or the connection is gone. */
  fence(): Promise<Fence>
  close(): void
}

const question = 'MULTI\r\nTIME\r\nINFO replication\r\nEXEC\r\n'

/** OK, two QUEUED, then the two replies: TIME as two strings, INFO as one, whose length comes last here. Before the first come the thanks for the introduction. */
const head =
  /^(?:\+OK\r\n)?\+OK\r\n\+QUEUED\r\n\+QUEUED\r\n\*2\r\n\*2\r\n\$\d+\r\n(\d+)\r\n\$\d+\r\n(\d+)\r\n\$(\d+)\r\n/
const offsetField = 'master_repl_offset:'
const patienceMs = 1_000

export function openFenceLink(address: Address): FenceLink {
  const socket = socketTo(address)
  let first = introduction(address.login).join('')
  let text = ''
  let waiting: { resolve(receivedMs: number): void; reject(error: Error): void } | undefined
  let length = Number.POSITIVE_INFINITY
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
    if (length === Number.POSITIVE_INFINITY) {
      const match = head.exec(text)
      if (match) length = match[0].length + Number(match[3]) + 2
      else if (text.startsWith('-')) return void socket.destroy(new Error(text.trim()))
    }
    if (text.length >= length) waiting?.resolve(hostNow())
  })
  let failure: Error | undefined
  socket.on('error', error => {
    failure = error
  })
  socket.on('close', () => waiting?.reject(failure ?? new Error('the connection is closed')))
  return {
    async fence() {
      if (socket.destroyed) throw failure ?? new Error('the connection is closed')
      text = ''
      length = Number.POSITIVE_INFINITY
      const sentMs = hostNow()
      const patience = setTimeout(() => socket.destroy(new Error('no answer within a second')), patienceMs)
      socket.write(first + question)
      first = ''
      try {
        const receivedMs = await new Promise<number>((resolve, reject) => {
          waiting = { resolve, reject }
        })
        const [, seconds, micros] = head.exec(text)!
        const offset = Number.parseInt(text.slice(text.indexOf(offsetField) + offsetField.length), 10)
        return { offset, sentMs, receivedMs, serverMs: Number(seconds) * 1000 + Number(micros) / 1000 }
      } finally {
        clearTimeout(patience)
        waiting = undefined
      }
    },
    close: () => socket.destroy(),
  }
}
