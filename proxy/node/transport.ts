/** Upstream calls by undici: one socket a call, no redirects, no time-outs but those of the attempt. */
import { buildConnector, Pool } from 'undici'
import { TransportError } from '../failure.ts'
import type { Transport } from '../ports.ts'
import type { Provider, Shape } from '../provider.ts'
import type { ProxyRequest } from '../request.ts'
import { Exchange } from './upstream/exchange.ts'
import { transportError, whileConnecting } from './upstream/failure.ts'
import { keyHeader, type ProviderKey } from './upstream/keys.ts'
import { userAgent } from './version.ts'

export interface TransportOptions {
  /** By provider id; a provider without one is called without. */
  keys?: ReadonlyMap<string, ProviderKey>
  /** Told when a call begins, and when nothing of it is left. */
  watch?: { began(request: ProxyRequest): void; over(request: ProxyRequest): void }
}

const paths: Record<Shape, string> = { anthropic: '/v1/messages', openai: '/v1/chat/completions' }

const connectTimeoutMs = 10_000
/** Idle sockets are kept so long, or less where the provider says so. */
const keepAliveMs = 30_000
const mostHeaderBytes = 64 * 1024
const mostReplyBytes = 256 * 1024 * 1024

export function createTransport({ keys = new Map(), watch }: TransportOptions = {}): Transport & {
  /** Breaks off what runs; resolves when all sockets are closed. */
  close(): Promise<void>
} {
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false })
  const openPool = (origin: string) =>
    new Pool(origin, {
      // Sockets are not counted: who has a slot never waits for one. HTTP/2 would share one, and an abort closes a socket.
      connections: null,
      pipelining: 1,
      allowH2: false,
      connect: (options, callback) =>
        connect(options, (...[error, socket]) =>
          error ? callback(whileConnecting(error, options.protocol), null) : callback(null, socket),
        ),
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: mostHeaderBytes,
      maxResponseSize: mostReplyBytes,
    })
  const pools = new Map<string, Pool>()
  const targets: Record<Shape, Map<string, Target>> = { anthropic: new Map(), openai: new Map() }
  const targetOf = (provider: Provider, shape: Shape): Target => {
    const known = targets[shape].get(provider.id)
    if (known) return known
    const { origin } = new URL(provider.baseUrl)
    const pool = pools.get(origin) ?? openPool(origin)
    pools.set(origin, pool)
    const target = makeTarget(provider, shape, pool, keys.get(provider.id))
    targets[shape].set(provider.id, target)
    return target
  }

  return {
    send(provider, request, signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      const { pool, path, headers } = targetOf(provider, request.shape)
      const exchange = new Exchange({
        signal,
        headersOf: passedOn,
        errorOf: transportError,
        ...(watch && { over: () => watch.over(request) }),
      })
      watch?.began(request)
      pool.dispatch({ path, method: 'POST', headers: { ...request.headers, ...headers }, body: request.body }, exchange)
      return exchange.reply
    },
    async close() {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
    },
  }
}

interface Target {
  pool: Pool
  path: string
  headers: Readonly<Record<string, string>>
}

/** The address comes from the configuration alone. */
function makeTarget({ baseUrl }: Provider, shape: Shape, pool: Pool, key: ProviderKey | undefined): Target {
  const { pathname } = new URL(baseUrl)
  return {
    pool,
    path: pathname.replace(/\/$/, '') + paths[shape],
    headers: {
      'content-type': 'application/json',
      // What is compressed cannot be inspected on its way.
      'accept-encoding': 'identity',
      'user-agent': userAgent,
      ...(key && keyHeader(key, shape)),
    },
  }
}

/** What of a reply's headers a caller may see: nothing of the hop, no cookies, and not whose account it was. */
const mayPass =
  /^(content-type|cache-control|date|retry-after(-ms)?|x-should-retry|request-id|(anthropic|x)-ratelimit-.*|openai-(model|processing-ms|version))$/

function passedOn(raw: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  if ((raw['content-encoding'] ?? 'identity') !== 'identity')
    throw new TransportError('malformed', 'the answer is compressed, which nobody had asked for')
  const kept: Record<string, string> = {}
  for (const name in raw) if (mayPass.test(name)) kept[name] = String(raw[name])
  // The reply's x-request-id is the proxy's own; the provider's is what its support asks for.
  if (raw['x-request-id'] !== undefined) kept['x-upstream-request-id'] = String(raw['x-request-id'])
  return kept
}
