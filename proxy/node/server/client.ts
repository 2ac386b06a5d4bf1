/** The way back to a caller, as the core wants it, on Node's response. */
import type { ServerResponse } from 'node:http'
import type { Millis } from '../../ports.ts'
import type { Client } from '../../request.ts'

export interface ClientOptions {
  /** On every reply, over what the provider says. */
  headers(): Readonly<Record<string, string>>
  /** A client that takes nothing for so long counts as gone. */
  stalledMs: Millis
  /** Told when the reply begins. */
  begun?(): void
}

export function clientOf(outgoing: ServerResponse, { headers: ours, stalledMs, begun }: ClientOptions): Client {
  const gone = new AbortController()
  const leave = () => outgoing.writableFinished || gone.abort(new Error('the client has left'))
  if (outgoing.destroyed) leave()
  outgoing.once('close', leave)
  return {
    signal: gone.signal,
    begin(status, headers) {
      begun?.()
      outgoing.writeHead(status, { ...headers, ...ours() })
    },
    write(chunk) {
      if (gone.signal.aborted) return Promise.reject(gone.signal.reason)
      if (outgoing.write(chunk)) return taken
      // Back-pressure: the next upstream chunk waits until this client has taken what it was sent.
      return new Promise((resolve, reject) => {
        const stalled = setTimeout(() => outgoing.destroy(), stalledMs)
        const settle = () => {
          clearTimeout(stalled)
          outgoing.off('drain', settle)
          outgoing.off('close', settle)
          gone.signal.aborted ? reject(gone.signal.reason) : resolve()
        }
        outgoing.on('drain', settle).on('close', settle)
      })
    },
    end: () => void outgoing.end(),
    cut() {
      // What was written leaves first. Then the connection ends without the reply's last chunk; where a reply has no chunks,
      // its end is the connection's, and only a reset tells a cut from it.
      setImmediate(() => {
        const { socket } = outgoing
        if (outgoing.chunkedEncoding) socket?.destroySoon()
        else if (socket && 'resetAndDestroy' in socket) socket.resetAndDestroy()
      })
    },
  }
}

const taken = Promise.resolve()
