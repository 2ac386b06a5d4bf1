/** The fake providers of the virtual world, and the proxies' way to them. */
import type { Millis, Transport } from '../../../proxy/ports.ts'
import type { Shape } from '../../../proxy/provider.ts'
import type { ProxyRequest } from '../../../proxy/request.ts'
import { ShortLived } from '../../../proxy/short-lived.ts'
import type { WorldClock } from '../../clock.ts'
import type { Tell } from '../../history.ts'
import { type Asked, bodyOf, pathOf, readAsked } from '../../providers/asked.ts'
import { type Behaviours, createBehaviours } from '../../providers/behaviours.ts'
import { type Answer, answer, type Pace, unreadable } from '../../providers/model.ts'
import { retryAfterIn } from '../../providers/wire.ts'
import { randomFor } from '../../random.ts'
import type { Link } from '../../redis/link.ts'
import { Exchange } from './exchange.ts'
import type { Process } from './process.ts'

const headers = { 'content-type': 'application/json' }
const encoder = new TextEncoder()

/** A storm's request, whose body is only put into bytes for those who look at it: to write and to read it would cost more than the call. */
export class StormRequest implements ProxyRequest {
  readonly id: string
  readonly session: string
  readonly shape: Shape
  readonly stream: boolean
  readonly headers = headers
  readonly asked: Asked

  constructor(asked: Asked) {
    this.id = asked.request
    this.session = asked.session
    this.shape = asked.shape
    this.stream = asked.stream
    this.asked = asked
  }

  get body(): Uint8Array {
    return encoder.encode(bodyOf(this.asked))
  }
}

export interface ProvidersOptions {
  clock: WorldClock
  seed: number
  paces: Readonly<Record<string, Pace>>
  tell: Tell
}

export class VirtualProviders {
  readonly #options: ProvidersOptions
  readonly #providers: ReadonlyMap<string, { pace: Pace; behaviours: Behaviours; attempts: number }>
  /** Where each request has come to so far: a second try at one provider draws anew. */
  readonly #tries = new ShortLived<string, string[]>()

  constructor(options: ProvidersOptions) {
    this.#options = options
    this.#providers = new Map(
      Object.entries(options.paces).map(([id, pace]) => [id, { pace, behaviours: createBehaviours(), attempts: 0 }]),
    )
  }

  get ids(): string[] {
    return [...this.#providers.keys()]
  }

  behaviours(id: string): Behaviours {
    return this.#of(id).behaviours
  }

  /** The request is over: nothing more will be asked for it. */
  forget(request: string): void {
    this.#tries.delete(request)
  }

  /** The way of a process to the providers. */
  transport(process: Process, linkTo: (provider: string) => Link): Transport {
    const { clock } = this.#options
    return {
      send: ({ id }, request, signal) =>
        signal.aborted
          ? Promise.reject(signal.reason)
          : new Exchange(clock, process, linkTo(id), this.#host(id, request), signal).reply,
    }
  }

  #host(id: string, request: ProxyRequest) {
    const { clock, tell } = this.#options
    const provider = this.#of(id)
    const asked = readBody(request)
    const about = {
      provider: id,
      attempt: '',
      request: asked?.request ?? '',
      session: asked?.session ?? '',
    }
    let said: Answer
    return {
      began: (): Answer => {
        said = asked ? this.#answer(id, asked) : unreadable(request.shape)
        if (said.end === 'refused') return said
        about.attempt = `${id}-${++provider.attempts}`
        tell({ at: clock.now(), from: 'providers', kind: 'provider-began', ...about })
        return said
      },
      ended: (outcome: 'served' | 'failed' | 'peer-closed', since: number) =>
        tell({
          at: clock.now(),
          from: 'providers',
          kind: 'provider-ended',
          ...about,
          outcome,
          status: said.status,
          since,
          ...waitIn(said),
        }),
    }
  }

  #answer(id: string, asked: Asked): Answer {
    const { pace, behaviours } = this.#of(id)
    const random = randomFor(this.#options.seed, 'provider', id, asked.request, this.#nthTry(id, asked.request))
    const said = answer(asked, behaviours.now(), pace, random)
    behaviours.count(said.shows)
    return said
  }

  #nthTry(id: string, request: string): number {
    const tries = this.#tries.get(request)
    if (!tries) {
      this.#tries.set(request, [id])
      return 1
    }
    tries.push(id)
    return tries.filter(tried => tried === id).length
  }

  #of(id: string) {
    const provider = this.#providers.get(id)
    if (!provider) throw new Error(`no provider ${id}`)
    return provider
  }
}

const waitIn = ({ headers }: Answer): { retryAfterMs?: Millis } => {
  const retryAfterMs = retryAfterIn(headers['retry-after'])
  return retryAfterMs === undefined ? {} : { retryAfterMs }
}

/** Whoever passes on another request than he got must have it read. */
const readBody = (request: ProxyRequest): Asked | undefined =>
  request instanceof StormRequest
    ? request.asked
    : readAsked(pathOf[request.shape], new TextDecoder().decode(request.body))
