/** A bare connection to a node, through TLS where it asks for that; whoever wants to log in does so. */
import { connect, isIP, type Socket } from 'node:net'
import { connect as secured } from 'node:tls'
import type { Address } from './at-node.ts'

export function socketTo({ host, port, login }: Address, { allowHalfOpen = false } = {}): Socket {
  const socket = connect({ host, port, noDelay: true, allowHalfOpen })
  return login?.tls ? secured({ socket, host, ...(!isIP(host) && { servername: host }) }) : socket
}
