/** One proxy instance: a core in a process of its own, which can be stopped, ended and started anew. */
import type { ProxyCore } from '../../../proxy/handle.ts'
import type { Millis } from '../../../proxy/ports.ts'
import type { Client, ProxyRequest } from '../../../proxy/request.ts'
import type { WorldClock } from '../../clock.ts'
import { Process } from './process.ts'

/** What an instance is made of, each time it boots. */
export type Boot = (process: Process, boot: number) => ProxyCore

/** How one that was told to end has ended. */
export interface Ended {
  afterMs: Millis
  /** Requests that the deadline cut. */
  cut: number
  /** Releases that the store never acknowledged. */
  unacknowledged: number
}

export class Instance {
  readonly name: string
  /** The one that runs, or the last that ran. */
  process!: Process
  /** Requests that have come here and are not over. */
  open = 0
  /** By how much its machine's wall clock is wrong. */
  clockErrorMs: Millis = 0
  /** New requests come here. */
  inRotation = true
  readonly #clock: WorldClock
  readonly #create: Boot
  #core!: ProxyCore
  #boots = 0
  #running = new AbortController()

  constructor(name: string, clock: WorldClock, create: Boot) {
    this.name = name
    this.#clock = clock
    this.#create = create
    this.#load()
  }

  get core(): ProxyCore {
    return this.#core
  }

  /** Keeps leases alive until it is stopped. */
  run(): void {
    void this.#core.run(this.#running.signal)
  }

  /** Resolves when the request and all that it caused is over; should the process end before that, its client is cut off. */
  handle(request: ProxyRequest, client: Client): Promise<void> {
    const { process } = this
    let open = true
    this.open++
    return new Promise((resolve, reject) => {
      const over = () => {
        if (!open) return
        open = false
        this.open--
        process.closed(call)
        resolve()
      }
      const call = {
        close() {
          client.cut()
          over()
        },
      }
      process.opened(call)
      process.deliver(() => void this.#core.handle(request, client).then(over, reject))
    })
  }

  /** A new process, if there is none. */
  start(): void {
    if (this.process.alive) return
    this.#running = new AbortController()
    this.#load()
    this.run()
    this.inRotation = true
  }

  /** SIGTERM: it drains and ends, within twice the deadline. The answer never comes if it is killed before. */
  terminate(deadlineMs: Millis): Promise<Ended> {
    const {
      process,
      core: { drain, state },
    } = this
    const began = this.#clock.now()
    this.inRotation = false
    return new Promise(resolve => {
      process.deliver(async () => {
        let cut = 0
        // A turn before the core's own deadline, which then cuts what is counted here.
        const cancelCount = process.after(deadlineMs - 1, () => {
          cut = state().requestsInFlight
        })
        const gaveUp = new AbortController()
        await Promise.race([drain(deadlineMs), process.sleep(2 * deadlineMs, gaveUp.signal).catch(() => {})])
        cancelCount()
        gaveUp.abort()
        const unacknowledged = state().outbox.count
        this.stop()
        process.end()
        resolve({ afterMs: this.#clock.now() - began, cut, unacknowledged })
      })
    })
  }

  /** SIGKILL. */
  kill(): void {
    this.inRotation = false
    this.process.end()
  }

  /** Nothing more is renewed. */
  stop(): void {
    this.#running.abort(new Error('the instance stops'))
  }

  #load() {
    this.process = new Process(this.#clock)
    this.#core = this.#create(this.process, ++this.#boots)
  }
}

/** The instance that a request for `via` comes to: that one, or the next in rotation. Undefined where none is. */
export function routed(instances: readonly Instance[], via: number): Instance | undefined {
  for (let n = 0; n < instances.length; n++) {
    const instance = instances[(via + n) % instances.length]!
    if (instance.inRotation) return instance
  }
  return undefined
}
