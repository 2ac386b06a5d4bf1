/** Servers that listen, and end. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NotReady } from './not-ready.ts'

/** Connections that come faster than they are accepted: beyond it the kernel forgets some, and tells nobody. */
const backlog = 4_096

/** Answers the URL; rejects with `NotReady` when the port cannot be had. */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen({ port, host, backlog })
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'it is taken' : code
    throw new NotReady(`cannot listen on ${host}:${port}: ${why}; choose another port or end what uses it`)
  }
  const { address, family, port: chosen } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${chosen}`
}

/** Breaks off what is left. */
export const stop = (server: Server) =>
  new Promise<void>(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
