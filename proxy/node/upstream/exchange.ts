/** One upstream call as undici plays it: told at its status line, then pulled chunk by chunk. */
import type { Dispatcher } from 'undici'
import type { ProviderReply } from '../../provider.ts'
import type { StopSignal } from '../../stop.ts'

/** Further chunks wait in the upstream's socket, and so with the provider, until these are taken. */
const mostBufferedBytes = 64 * 1024

export interface ExchangeOptions {
  /** Aborts the call and closes its socket. */
  signal: StopSignal
  headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Record<string, string>
  /** What an error of the socket or the parser means; the signal's own reason is passed on as it is. */
  errorOf(error: unknown): Error
  /** Called once, when nothing of the call is left: its end was read, or its socket is destroyed. */
  over?(): void
}

type Taker = PromiseWithResolvers<IteratorResult<Uint8Array, undefined>>

/** Give it to `dispatch`; `reply` settles with the status line. Pausing the upstream is all the buffering there is. */
export class Exchange implements Dispatcher.DispatchHandler, AsyncIterableIterator<Uint8Array, undefined> {
  readonly reply: Promise<ProviderReply>
  readonly #options: ExchangeOptions
  readonly #settle: PromiseWithResolvers<ProviderReply> = Promise.withResolvers()
  readonly #waiting: Uint8Array[] = []
  readonly #leave: () => void
  #waitingBytes = 0
  #taker: Taker | undefined
  #controller: Dispatcher.DispatchController | undefined
  #end: { error?: Error } | undefined

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.reply = this.#settle.promise
    this.#leave = () => this.#abort(options.signal.reason as Error)
    options.signal.addEventListener('abort', this.#leave, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // The call waited for its connection, and was given up meanwhile.
    if (this.#end) controller.abort(this.#end.error ?? new Error('given up'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    // Interim answers (RFC 9110, 15.2) say nothing about the final one.
    if (status < 200) return
    this.#settle.resolve({ status, headers: this.#options.headersOf(headers), chunks: this })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#taker) {
      this.#hand({ done: false, value: chunk })
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes > mostBufferedBytes) controller.pause()
  }

  onResponseEnd(): void {
    this.#finish({})
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const { signal, errorOf } = this.#options
    this.#finish({ error: signal.aborted ? (signal.reason as Error) : errorOf(error) })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#waiting.shift()
    if (chunk) {
      this.#waitingBytes -= chunk.length
      if (this.#waitingBytes === 0 && this.#controller?.paused) this.#controller.resume()
      return Promise.resolve({ done: false, value: chunk })
    }
    if (this.#end?.error) return Promise.reject(this.#end.error)
    if (this.#end) return Promise.resolve(over)
    this.#taker = Promise.withResolvers()
    return this.#taker.promise
  }

  /** Leaving early closes the socket: nobody will read the rest. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#abort(new Error('the rest is not wanted'))
    return Promise.resolve(over)
  }

  /** What has arrived and was not taken is of no use to anybody. */
  #abort(reason: Error) {
    if (this.#end) return
    this.#waiting.length = 0
    this.#controller?.abort(reason)
    this.#finish({ error: reason })
  }

  #finish(end: { error?: Error }) {
    if (this.#end) return
    this.#end = end
    this.#options.signal.removeEventListener('abort', this.#leave)
    if (end.error) {
      this.#settle.reject(end.error)
      this.#taker?.reject(end.error)
      this.#taker = undefined
    } else if (this.#taker) this.#hand(over)
    this.#options.over?.()
  }

  #hand(result: IteratorResult<Uint8Array, undefined>) {
    const taker = this.#taker
    this.#taker = undefined
    taker?.resolve(result)
  }
}

const over = { done: true, value: undefined } as const
