/**
 * The core alone in virtual time, against providers that do as they are told, a store that answers as it is told, and clients
 * who leave when they are told: what the core's own tests play. Everything that happens is noted with its instant.
 */
import { type ProxyConfig, usualManners } from '../../proxy/config.ts'
import type { ProxyEvent } from '../../proxy/events.ts'
import { TransportError } from '../../proxy/failure.ts'
import { createProxy, type ProxyCore } from '../../proxy/handle.ts'
import type { Millis, Ports } from '../../proxy/ports.ts'
import { type Provider, usualProvider } from '../../proxy/provider.ts'
import type { Client, ProxyRequest } from '../../proxy/request.ts'
import type { StopSignal } from '../../proxy/stop.ts'
import type { Admission, Ending, Hold, Renewal, Store, Tracker } from '../../proxy/tracker/tracker.ts'
import { VirtualClock } from '../clock.ts'
import { chanceFor } from '../random.ts'
import type { Act } from './act.ts'

export { type Act, acts } from './act.ts'

export interface Note {
  at: Millis
  did: 'acquire' | 'release' | 'send' | 'closed' | 'begin' | 'leave'
  /** `''` for what a client did. */
  provider: string
  token?: string
  member?: string
  request?: string
  ending?: Ending
}

/** A client, and what has come to it. */
export interface Heard {
  status: number
  headers: Readonly<Record<string, string>>
  text: string
  /** `''`: nothing has ended it yet. */
  end: '' | 'end' | 'cut'
  firstByteAt: Millis | undefined
  endedAt: Millis | undefined
  /** When `handle` resolved. */
  overAt: Millis | undefined
  leave(): void
}

export interface ScriptedOptions {
  /** By id, in order of priority: what each does with its nth call; the last one again and again. */
  providers: Readonly<Record<string, Partial<Provider> & { does: readonly Act[] }>>
  manners?: Partial<ProxyConfig>
  /** How the store answers the nth acquire (from 0), and after which time. */
  admits?(hold: Hold, nth: number): { answer: Admission | Error; afterMs?: Millis } | undefined
  /** How the store answers a renewal; it may throw. */
  renews?(provider: string, holds: readonly Hold[]): Renewal
  /** So many releases fail before one is acknowledged. */
  deafReleases?: number
  /** A call's socket is closed so long after the caller gave up. */
  closesMs?: Millis
  /** The client takes each chunk after this time. */
  clientTakesMs?: Millis
  store?: Store
  operator?: Tracker['operator']
  seed?: number
}

export interface Scripted {
  clock: VirtualClock
  proxy: ProxyCore
  notes: Note[]
  events: ProxyEvent[]
  /** Rules of the reply that the core broke: begun twice, ended twice, continued after its end. */
  misuses: string[]
  /** Sends a request now. */
  ask(given?: Partial<ProxyRequest>): Heard
  /** Lets time pass, until nobody sleeps or until then. */
  run(until?: Millis): Promise<void>
  /** What was done with providers and store, in order. */
  did(): string[]
  of<K extends ProxyEvent['kind']>(kind: K): Extract<ProxyEvent, { kind: K }>[]
}

const usual: Omit<Provider, 'id' | 'priority'> = {
  ...usualProvider,
  baseUrl: 'http://x',
  limit: 2,
  heartbeatMs: 500,
  firstByteMs: 100,
  idleMs: 100,
  totalMs: 1_000,
  breaker: { ...usualProvider.breaker, failures: 0 },
}

const admitted: Admission = { kind: 'admitted', count: 1 }

export function scripted(options: ScriptedOptions): Scripted {
  const { closesMs = 0, clientTakesMs = 0, seed = 1 } = options
  const clock = new VirtualClock()
  const notes: Note[] = []
  const events: ProxyEvent[] = []
  const misuses: string[] = []
  const calls = new Map<string, number>()
  let acquires = 0
  let deaf = options.deafReleases ?? 0
  const note = (did: Note['did'], provider: string, more: Partial<Note> = {}) =>
    void notes.push({ at: clock.now(), did, provider, ...more })

  const tracker: Tracker = {
    async acquire(hold) {
      note('acquire', hold.provider.id, { token: hold.token, member: hold.member })
      const { answer, afterMs = 1 } = options.admits?.(hold, acquires++) ?? { answer: admitted }
      await clock.sleep(afterMs)
      if (answer instanceof Error) throw answer
      return answer
    },
    async release({ provider, token }, ending) {
      note('release', provider.id, { token, ending })
      await clock.sleep(1)
      if (deaf-- > 0) throw new Error('no acknowledgement')
    },
    renew: async ({ id }, holds) => options.renews?.(id, holds) ?? { reinserted: [] },
    ...(options.operator && { operator: options.operator }),
  }

  const transport: Ports['transport'] = {
    async send({ id }, request, signal) {
      note('send', id, { request: request.id })
      const nth = calls.get(id) ?? 0
      calls.set(id, nth + 1)
      const { does } = options.providers[id]!
      const act = does[Math.min(nth, does.length - 1)]!
      const closed = () => note('closed', id, { request: request.id })
      const wait = async (ms: Millis | 'never') => {
        try {
          if (ms === 'never') await new Promise((_, reject) => onAbort(signal, reject))
          else await clock.sleep(ms, act.deaf ? undefined : signal)
        } catch (error) {
          await clock.sleep(closesMs)
          closed()
          throw error
        }
      }
      await wait(act.headMs)
      if (act.fails) {
        closed()
        throw new TransportError(act.fails, `${id} said ${act.fails}`)
      }
      return { status: act.status, headers: act.headers, chunks: speak(act, `${id}${nth}`, wait, closed) }
    },
  }

  const config: ProxyConfig = {
    instance: 'p',
    instances: 2,
    ...usualManners,
    stickyMs: 0,
    ...options.manners,
    providers: Object.entries(options.providers).map(([id, { does: _, ...more }], n) => ({
      ...usual,
      id,
      priority: n + 1,
      ...more,
    })),
  }
  const proxy = createProxy(config, {
    clock,
    chance: chanceFor(seed, 'proxy'),
    transport,
    tracker,
    store: options.store ?? { run: () => Promise.reject(new Error('no store')) },
    emit: event => void events.push(event),
  })

  let asked = 0
  return {
    clock,
    proxy,
    notes,
    events,
    misuses,
    ask(given = {}) {
      const id = given.id ?? `r${++asked}`
      const request = { id, session: `s-${id}`, shape: 'openai' as const, stream: true, body: nothing, headers: {} }
      const { heard, client } = listener(clock, clientTakesMs, did => note(did, '', { request: id }), misuses)
      proxy.handle({ ...request, ...given }, client).then(() => {
        heard.overAt = clock.now()
      })
      return heard
    },
    run: until => clock.run(until),
    did: () =>
      notes.filter(({ did }) => /^(acquire|release|send)$/.test(did)).map(({ did, provider }) => `${did} ${provider}`),
    of: kind => events.filter((event): event is Extract<ProxyEvent, { kind: typeof kind }> => event.kind === kind),
  }
}

async function* speak(
  { chunks, end, status }: Act,
  name: string,
  wait: (ms: Millis | 'never') => Promise<void>,
  closed: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  let over = false
  try {
    for (const [afterMs, text] of chunks) {
      await waitOr(afterMs)
      yield new TextEncoder().encode(text.replaceAll('@', name))
    }
    if (end === 'silent') await waitOr('never')
    if (end === 'reset') throw new TransportError('reset', `${status} and then a reset`)
  } finally {
    if (!over) closed()
  }

  async function waitOr(ms: Millis | 'never') {
    try {
      await wait(ms)
    } catch (error) {
      // Who waits tells of the close.
      over = true
      throw error
    }
  }
}

function listener(
  clock: VirtualClock,
  takesMs: Millis,
  note: (did: 'begin' | 'leave') => void,
  misuses: string[],
): { heard: Heard; client: Client } {
  const gone = new AbortController()
  const decoder = new TextDecoder()
  const heard: Heard = {
    status: 0,
    headers: {},
    text: '',
    end: '',
    firstByteAt: undefined,
    endedAt: undefined,
    overAt: undefined,
    leave() {
      note('leave')
      gone.abort(new Error('left'))
    },
  }
  const finish = (end: 'end' | 'cut') => {
    if (heard.end) misuses.push(`a reply that was ended (${heard.end}) is ended again (${end})`)
    heard.end = end
    heard.endedAt = clock.now()
  }
  const client: Client = {
    signal: gone.signal,
    begin(status, headers) {
      if (heard.status) misuses.push(`a reply that was begun (${heard.status}) is begun again (${status})`)
      note('begin')
      heard.status = status
      heard.headers = headers
    },
    async write(chunk) {
      if (gone.signal.aborted) throw gone.signal.reason
      if (heard.end) misuses.push('a reply that was ended goes on')
      heard.firstByteAt ??= clock.now()
      heard.text += decoder.decode(chunk, { stream: true })
      if (takesMs) await clock.sleep(takesMs, gone.signal)
    },
    end: () => finish('end'),
    cut: () => finish('cut'),
  }
  return { heard, client }
}

const onAbort = (signal: StopSignal, reject: (reason: unknown) => void) =>
  signal.aborted ? reject(signal.reason) : signal.addEventListener('abort', () => reject(signal.reason), { once: true })

const nothing = new Uint8Array()
