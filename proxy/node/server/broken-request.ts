/** Answers to what Node's parser or its clock gives up on, written to the bare socket: there is no response object to use. */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Shape } from '../../provider.ts'
import { bodyOf, Refused } from './refused.ts'

/** Where a connection is, so that an answer on its bare socket never lands within another one. */
interface Standing {
  shape: Shape | undefined
  incoming: IncomingMessage
  outgoing: ServerResponse
  /** Replies of this connection that are not over. */
  open: number
}

/** To be told each request's head, as it arrives. */
export type Began = (incoming: IncomingMessage, outgoing: ServerResponse, shape: Shape | undefined) => void

/** Answers and closes every connection that `server` gives up on. */
export function answerBroken(server: Server, refused: (status: number) => void): Began {
  const standings = new WeakMap<Duplex, Standing>()
  const answer = (socket: Duplex, problem: Refused) => {
    const standing = standings.get(socket)
    // A whole request that came before has its own answer due.
    const mayAnswer =
      !standing?.open || (standing.open === 1 && !standing.incoming.complete && !standing.outgoing.headersSent)
    if (!socket.writable || !mayAnswer) return void socket.destroy()
    refused(problem.status)
    socket.end(rawReply(problem, standing?.open ? standing.shape : undefined), () => socket.destroy())
  }
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') return void socket.destroy()
    answer(socket, problemOf(error))
  })
  server.on('connect', (_incoming, socket) => answer(socket, new Refused(405, 'invalid_request_error', 'use POST')))
  return (incoming, outgoing, shape) => {
    const { socket } = incoming
    const open = (standings.get(socket)?.open ?? 0) + 1
    standings.set(socket, { shape, incoming, outgoing, open })
    outgoing.once('close', () => standings.get(socket)!.open--)
  }
}

function problemOf({ code }: NodeJS.ErrnoException): Refused {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refused(408, 'timeout_error', 'the request took too long to arrive')
    case 'HPE_HEADER_OVERFLOW':
      return new Refused(431, 'request_too_large', 'the headers are too large')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Refused(413, 'request_too_large', 'the chunk extensions are too large')
    default:
      return new Refused(400, 'invalid_request_error', 'the request is not well-formed HTTP')
  }
}

function rawReply(problem: Refused, shape: Shape | undefined): Buffer {
  const body = bodyOf(problem, shape)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${body.length}`,
    '',
    '',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head), body])
}
