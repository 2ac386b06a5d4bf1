/** What this instance is busy with, so that an operator, a lost lease or a shutdown can end it. */
import type { Call } from './call.ts'
import type { Running } from './running.ts'
import { ShortLived } from './short-lived.ts'

export class InFlight {
  /** Those that run here. */
  readonly requests = new ShortLived<Running, true>()
  /** By token; kept where lost leases end calls. */
  readonly calls: Map<string, Call> | undefined
  #waiting: (() => void)[] = []

  constructor(strict: boolean) {
    this.calls = strict ? new Map() : undefined
  }

  ended(request: Running): void {
    this.requests.delete(request)
    if (this.requests.size === 0) for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** An operator has ended the session that is this member. Answers its name, if something of it ran here. */
  terminate(member: string): string | undefined {
    const ended = [...this.requests.keys()].filter(request => request.member === member)
    for (const request of ended) request.stop('terminated')
    return ended[0]?.request.session
  }

  /** The lease of this attempt can no longer be vouched for: it is stopped, where we are strict. */
  fence(token: string): void {
    this.calls?.get(token)?.stop('unleased')
  }

  stopAll(): void {
    for (const request of [...this.requests.keys()]) request.stop('closing')
  }

  /** Resolves when nothing runs, at once or later. */
  empty(): Promise<void> {
    if (this.requests.size === 0) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push(resolve))
  }
}
