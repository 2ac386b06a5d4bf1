/** A provider's door: whether anybody listens at its address. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Behaviours } from '../../../providers/behaviours.ts'

export interface Door {
  open(port: number): Promise<void>
  /** Closes or opens it as the provider behaves now. What is in flight goes on. */
  obey(behaviours: Behaviours): Promise<void>
  /** Nobody knocks any more. */
  stop(): Promise<void>
}

const knockEveryMs = 50
/** Somebody may have taken the address meanwhile, if only for one outgoing connection. */
const mostTries = 100

/** `refused` is called for each connection that was refused: a closed door sees nobody, so somebody knocks from outside. */
export function createDoor(server: Server, refused: () => void): Door {
  let port = 0
  let knocking: { stop: AbortController; over: Promise<void> } | undefined

  async function open(at: number) {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }

  async function reopen() {
    for (let tries = 1; !server.listening; tries++)
      try {
        await open(port)
      } catch (error) {
        if (tries === mostTries) throw error
        await sleep(knockEveryMs)
      }
  }

  async function knock(signal: AbortSignal) {
    while (!signal.aborted) {
      if (await isRefused(port)) refused()
      await sleep(knockEveryMs, undefined, { signal }).catch(() => {})
    }
  }

  async function stop() {
    knocking?.stop.abort()
    await knocking?.over
    knocking = undefined
  }

  return {
    open,
    async obey(behaviours) {
      const refuses = behaviours.now().kind === 'refuses'
      if (refuses && !knocking) {
        server.close()
        const stop = new AbortController()
        knocking = { stop, over: knock(stop.signal) }
      } else if (!refuses && knocking) {
        await stop()
        await reopen()
      }
    },
    stop,
  }
}

const isRefused = (port: number) =>
  new Promise<boolean>(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', error => resolve((error as NodeJS.ErrnoException).code === 'ECONNREFUSED'))
  })
