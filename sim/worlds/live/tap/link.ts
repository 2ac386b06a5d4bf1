/** A connection to a primary as a replica would open it: PSYNC from an offset, then every write as it is applied. */
import type { Address } from '../cluster/at-node.ts'
import { socketTo } from '../cluster/socket.ts'
import { introduction } from './introduction.ts'
import { CommandReader, encode } from './resp.ts'

export interface LinkOptions {
  at: Address
  replid: string
  /** The last offset already seen. */
  offset: number
  onCommand(args: string[], offset: number): void
  /** The link is over. Called once, after it was open. */
  onClose(): void
}

export interface Link {
  /** The history that goes on from here: a promoted replica continues the old one under a new name. */
  replid: string
  close(): void
}

/** The node cannot go on from this offset: not a failure that passes. */
export class CannotContinue extends Error {}

const handshakeMs = 2_000

/** Resolves when the primary continues from the offset; rejects with `CannotContinue` when it cannot, otherwise with what failed. */
export function openLink({ at: address, replid, offset, onCommand, onClose }: LinkOptions): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = socketTo(address)
    const reader = new CommandReader()
    const steps = [
      ...introduction(address.login),
      encode('REPLCONF', 'capa', 'eof', 'capa', 'psync2'),
      encode('PSYNC', replid, offset + 1),
    ]
    let at = offset
    let open = false
    let buffer: Buffer = Buffer.alloc(0)
    let failure: Error | undefined
    let acks: NodeJS.Timeout | undefined
    const patience = setTimeout(() => socket.destroy(new Error('no answer to PSYNC')), handshakeMs)

    // One step at a time: a burst is refused.
    const next = () => socket.write(steps.shift()!)

    const handshake = (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk])
      for (;;) {
        while (buffer[0] === 0x0a) buffer = buffer.subarray(1)
        const end = buffer.indexOf('\r\n')
        if (end < 0) return
        const line = buffer.toString('latin1', 0, end)
        buffer = buffer.subarray(end + 2)
        if (steps.length) {
          if (!line.startsWith('+')) return void socket.destroy(new Error(`before PSYNC: ${line}`))
          next()
          continue
        }
        if (line.startsWith('+FULLRESYNC')) return void socket.destroy(new CannotContinue(`PSYNC: ${line}`))
        if (!line.startsWith('+CONTINUE')) return void socket.destroy(new Error(`PSYNC: ${line}`))
        open = true
        clearTimeout(patience)
        // With 0 the tap is never counted by WAIT; silence would make the primary drop it.
        acks = setInterval(() => socket.write(encode('REPLCONF', 'ACK', 0)), 1_000)
        resolve({ replid: line.split(' ')[1] ?? replid, close: () => socket.destroy() })
        return stream(buffer)
      }
    }

    const stream = (chunk: Buffer) => {
      for (const { args, bytes } of reader.read(chunk)) {
        at += bytes
        onCommand(args, at)
      }
    }

    socket.on('connect', next)
    socket.on('data', (chunk: Buffer) => {
      try {
        if (open) stream(chunk)
        else handshake(chunk)
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
    socket.on('error', error => void (failure = error))
    socket.on('close', () => {
      clearTimeout(patience)
      clearInterval(acks)
      if (open) onClose()
      else reject(failure ?? new Error('the connection was closed during the handshake'))
    })
  })
}
