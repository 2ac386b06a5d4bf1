/** One upstream call while it is open: what stops it, and why. */
import { type Failure, TransportError } from './failure.ts'
import { Patience } from './patience.ts'
import type { Clock } from './ports.ts'
import type { Provider } from './provider.ts'
import { Stop, type StopSignal } from './stop.ts'

export class Call {
  readonly provider: string
  readonly token: string
  readonly patience: Patience
  /** Why it was stopped; the first reason stands. */
  stopped: Failure | undefined
  /** All that its protocol promises has come, and has been passed on: whatever ends it now, the answer is whole. */
  complete = false
  readonly #stop = new Stop()
  #leave: ((reason: unknown) => void) | undefined

  constructor(provider: Provider, token: string, clock: Clock) {
    this.provider = provider.id
    this.token = token
    this.patience = new Patience(provider, clock, failure => this.stop(failure))
  }

  /** Fires when the call is stopped. */
  get signal(): StopSignal {
    return this.#stop
  }

  stop(failure: Failure): void {
    if (this.stopped) return
    this.stopped = failure
    const reason = new TransportError(failure, `${this.provider}: ${failure}`)
    this.#stop.abort(reason)
    this.#leave?.(reason)
  }

  /** Waits until the client has taken what was written: its slowness is not the provider's. Rejects when the call is stopped. */
  async waitFor(write: Promise<void>): Promise<void> {
    this.patience.hold()
    await new Promise<void>((resolve, reject) => {
      this.#leave = reject
      write.then(resolve, reject)
    })
    this.patience.progress()
  }
}
