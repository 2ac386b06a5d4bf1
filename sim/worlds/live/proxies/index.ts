/** Proxy instances, as the runner sees them. */
import type { Closed } from '../../../../proxy/node/instance.ts'
import type { RawEvent } from '../../../history.ts'
import { hostNow, type Part, startPart } from '../part.ts'
import type { SamplerOptions } from '../round-trips/sampler.ts'
import type { ProxyStart } from './main.ts'

/** How long a stopping proxy waits for what still runs. */
export const drainMs = 2_000

/** How long a new process may find no store. */
const patienceMs = 15_000

/** How one that was told to end has ended. */
export interface Ended extends Closed {
  afterMs: number
}

/** One instance: always at the same address, in one process after another. */
export interface LiveProxy {
  name: string
  url: string
  isAlive: boolean
  /** It has been told to end. */
  isEnding: boolean
  /** A new process, if there is none; resolves when it listens and has reached the store. */
  start(): Promise<void>
  /** Measures round trips from within its process, and from within those that follow. */
  sample(options: SamplerOptions): Promise<void>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT: it runs again when the last of those that froze it has thawed it. */
  freeze(): void
  thaw(): void
  /** SIGTERM. Undefined: it was killed before it had ended. */
  terminate(): Promise<Ended | undefined>
  /** Sets its wall clock wrong by so much more; answers what it says now, or would. */
  skew(byMs: number): Promise<number>
  terminateSession(session: string): Promise<{ attempts: number }>
  stop(): Promise<void>
}

/** Starts one instance; resolves when it listens and has reached the store. `older`: the tracker of its first process. */
export async function launchProxy(
  { older, ...start }: Omit<ProxyStart, 'clockErrorMs'> & { older?: string },
  onEvents: (events: RawEvent[]) => void,
): Promise<LiveProxy> {
  const name = start.config.instance
  let part: Part
  let sampling: SamplerOptions | undefined
  let clockErrorMs = 0
  let tracker = older ?? start.tracker
  let frozen = 0
  let isAlive = false
  let isEnding = false

  async function boot() {
    const process = startPart({ name, main: new URL('./main.ts', import.meta.url), onEvents })
    part = process
    isAlive = true
    isEnding = false
    frozen = 0
    process.gone.then(() => {
      if (part === process) isAlive = false
    })
    try {
      await process.ask('start', { ...start, tracker, clockErrorMs } satisfies ProxyStart)
      if (sampling) await process.ask('sample', sampling)
    } catch (error) {
      await process.stop()
      throw error
    }
  }

  await boot()
  tracker = start.tracker
  return {
    name,
    url: `http://127.0.0.1:${start.port}`,
    get isAlive() {
      return isAlive
    },
    get isEnding() {
      return isEnding
    },
    async start() {
      for (const deadline = hostNow() + patienceMs; !isAlive; ) {
        try {
          await boot()
        } catch (error) {
          // The store may be away for a while.
          if (hostNow() > deadline) throw error
        }
      }
    },
    async sample(options) {
      sampling = options
      await part.ask('sample', options)
    },
    async kill() {
      part.signal('SIGKILL')
      await part.gone
    },
    freeze() {
      if (++frozen === 1) part.signal('SIGSTOP')
    },
    thaw() {
      // Another process may have taken its place since.
      if (frozen > 0 && --frozen === 0) part.signal('SIGCONT')
    },
    async terminate() {
      isEnding = true
      const since = hostNow()
      part.signal('SIGTERM')
      const closed = (await part.ended) as Closed | undefined
      return closed && { ...closed, afterMs: hostNow() - since }
    },
    async skew(byMs) {
      clockErrorMs += byMs
      // A process that is not there is told when it starts.
      return isAlive
        ? part.ask<number>('skew', clockErrorMs).catch(() => Date.now() + clockErrorMs)
        : Date.now() + clockErrorMs
    },
    terminateSession: session => part.ask('terminate', session),
    stop: () => part.stop(),
  }
}
