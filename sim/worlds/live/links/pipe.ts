/** One direction of a relayed connection: what comes in goes out in the same order, as soon as the way lets it. */
import type { Socket } from 'node:net'
import type { Way } from './way.ts'

/** More than this is not taken in before the other end has taken some: its sender feels it, as TCP would make it. */
const mostBytes = 1024 * 1024

interface Item {
  /** Undefined: the sender has ended its half. */
  chunk: Buffer | undefined
  dueAt: number
}

export class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #way: Way
  readonly #now: () => number
  #queue: Item[] = []
  #bytes = 0
  #lastDueAt = 0
  #blocked = false
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, way: Way, now: () => number) {
    this.#from = from
    this.#to = to
    this.#way = way
    this.#now = now
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    from.on('end', () => this.#take(undefined))
    to.on('drain', () => {
      this.#blocked = false
      this.pump()
    })
  }

  /** Sends what is due; called again whenever the way has changed. */
  pump(): void {
    clearTimeout(this.#timer)
    while (this.#queue.length && !this.#blocked && !this.#way.silent) {
      const { chunk, dueAt } = this.#queue[0]!
      const left = dueAt - this.#now()
      if (left > 0) {
        this.#timer = setTimeout(() => this.pump(), left)
        break
      }
      this.#queue.shift()
      if (chunk === undefined) this.#to.end()
      else {
        this.#bytes -= chunk.length
        this.#blocked = !this.#to.write(chunk)
      }
    }
    if (this.#bytes <= mostBytes && this.#from.isPaused()) this.#from.resume()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#queue = []
  }

  #take(chunk: Buffer | undefined) {
    const { delayMs, silent, hit } = this.#way
    if (chunk && silent) hit.held++
    else if (chunk && delayMs > 0) hit.delayed++
    // What came first leaves first, even when the delay has become shorter in between.
    this.#lastDueAt = Math.max(this.#lastDueAt, this.#now() + delayMs)
    this.#queue.push({ chunk, dueAt: this.#lastDueAt })
    this.#bytes += chunk?.length ?? 0
    if (this.#bytes > mostBytes) this.#from.pause()
    this.pump()
  }
}
