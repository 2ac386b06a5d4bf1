/** One request while it runs here: what was tried for it, who speaks to its client, and what ends it before its time. */
import type { Attempted } from './attempted.ts'
import type { Call } from './call.ts'
import type { Stopped } from './failure.ts'
import type { InFlight } from './in-flight.ts'
import type { Clock, Millis } from './ports.ts'
import type { ProviderReply } from './provider.ts'
import type { Client, ProxyRequest } from './request.ts'
import { memberOf } from './tracker/keys.ts'

export class Running {
  readonly request: ProxyRequest
  readonly client: Client
  /** What was tried, in order of ending; of a race, who lost is left out. */
  readonly attempts: Attempted[] = []
  /** How often a provider was called. */
  calls = 0
  /** Something of an answer has gone to the client. */
  begun = false
  /** The client has seen an error already, or what it has seen is torn in a way that an error event cannot mend. */
  told = false
  stopped: Stopped | undefined
  /** Whether a loser may read on to its end. */
  losersDrain = false
  readonly #inFlight: InFlight
  readonly #open: Call[] = []
  /** Hedges and losers, which may outlast the answer. */
  readonly #rest: Promise<unknown>[] = []
  #speaker: Call | undefined
  #wake: (() => void) | undefined

  constructor(request: ProxyRequest, client: Client, inFlight: InFlight) {
    this.request = request
    this.client = client
    this.#inFlight = inFlight
    inFlight.requests.set(this, true)
    client.signal.addEventListener('abort', this.#clientLeft, { once: true })
    if (client.signal.aborted) this.#clientLeft()
  }

  get member(): string {
    return memberOf(this.request.session)
  }

  /** Ends what runs, and lets nothing further start. The first reason stands. */
  stop(because: Stopped): void {
    if (this.stopped) return
    this.stopped = because
    this.#wake?.()
    for (const call of [...this.#open]) call.stop(because)
  }

  opened(call: Call): void {
    this.calls++
    this.#open.push(call)
    this.#inFlight.calls?.set(call.token, call)
  }

  closed(call: Call): void {
    this.#open.splice(this.#open.indexOf(call), 1)
    this.#inFlight.calls?.delete(call.token)
  }

  /** Nothing further may start: an answer has been decided on, or the request was stopped. */
  get settled(): boolean {
    return this.#speaker !== undefined || this.stopped !== undefined
  }

  /** The call whose answer the client gets. */
  get speaker(): Call | undefined {
    return this.#speaker
  }

  /** Whether another call speaks. */
  lostBy(call: Call): boolean {
    return this.#speaker !== undefined && this.#speaker !== call
  }

  /** True for the first that asks, and for it alone from then on: no other may speak to the client. */
  take(call: Call): boolean {
    if (this.#speaker || call.stopped) return this.#speaker === call
    this.#speaker = call
    if (!this.losersDrain && this.#open.length > 1)
      for (const other of [...this.#open]) if (other !== call) other.stop('hedge-loss')
    return true
  }

  begin({ status, headers }: ProviderReply): void {
    this.begun = true
    this.client.begin(status, headers)
  }

  /** Waits, unless the request is stopped before or meanwhile. */
  pause(duration: Millis, clock: Clock): Promise<void> {
    if (this.stopped) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = clock.after(duration, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }

  /** The request is not over before this is. */
  outlast(rest: Promise<unknown>): void {
    this.#rest.push(rest)
  }

  /** Resolves when all that `outlast` was told of is over. */
  async over(): Promise<void> {
    if (this.#rest.length) await Promise.all(this.#rest)
    this.client.signal.removeEventListener('abort', this.#clientLeft)
    this.#inFlight.ended(this)
  }

  readonly #clientLeft = () => this.stop('client-abort')
}
