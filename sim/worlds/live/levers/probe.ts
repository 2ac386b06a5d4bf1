/** A question to a node: whether it has been answered by now. */
import { connect } from 'node:net'
import type { Address } from '../cluster/at-node.ts'

/** The kernel accepts a connection for a stopped process; the answer never comes. The connection ends with the asking. */
export function probe({ host, port }: Address): () => boolean {
  let answered = false
  const socket = connect({ host, port, noDelay: true })
  socket.on('error', () => {})
  socket.on('data', () => {
    answered = true
  })
  socket.write('PING\r\n')
  return () => {
    socket.destroy()
    return answered
  }
}
