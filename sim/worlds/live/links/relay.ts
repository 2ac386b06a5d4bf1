/** A TCP relay in front of one node, for one proxy: all that passes takes the given way. */
import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Address } from '../cluster/at-node.ts'
import { socketTo } from '../cluster/socket.ts'
import { hostNow } from '../part.ts'
import { Pipe } from './pipe.ts'
import type { Traveller, Way } from './way.ts'

export interface Relay {
  port: number
  close(): Promise<void>
}

export async function openRelay(address: Address, way: Way): Promise<Relay> {
  const open = new Set<Traveller>()
  // Each half ends by itself, as it does between the two ends.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, client => {
    const node = socketTo(address, { allowHalfOpen: true })
    const pipes = [new Pipe(client, node, way, hostNow), new Pipe(node, client, way, hostNow)]
    const both: Socket[] = [client, node]
    const traveller: Traveller = {
      sever() {
        for (const socket of both) reset(socket)
        over()
      },
      pump() {
        for (const pipe of pipes) pipe.pump()
        // A silent way hid that one end had broken off.
        if (both.some(socket => socket.destroyed && !socket.readableEnded)) traveller.sever()
      },
    }
    const over = () => {
      for (const pipe of pipes) pipe.close()
      way.leave(traveller)
      open.delete(traveller)
    }
    for (const socket of both) {
      // `close` follows.
      socket.on('error', () => {})
      socket.on('close', hadError => {
        if (way.silent) return
        if (hadError) traveller.sever()
        else if (both.every(({ destroyed }) => destroyed)) over()
      })
    }
    open.add(traveller)
    if (!way.enter(traveller)) traveller.sever()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      for (const traveller of [...open]) traveller.sever()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** What TLS covers can only be closed: Node resets no such socket. */
const reset = (socket: Socket) => void (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy())
