/**
 * A clean history, small enough to read: two providers, an outage of the first, every session counted from before its
 * attempt to a millisecond after. Every check must pass it, and each check's counterexample is made from it.
 */
import { memberOf } from '../../proxy/tracker/keys.ts'
import type { Event } from '../history.ts'
import { provider, type Topology, topology } from '../topology.ts'

const breaker = { failures: 5, windowMs: 1_000, openMs: 300, probes: 1 }

export const sampleTopology: Topology = topology({
  providers: [
    provider({ id: 'alpha', limit: 3, priority: 1, breaker }),
    provider({ id: 'beta', limit: 3, priority: 2, breaker }),
  ],
})

const node = '127.0.0.1:7001'

/** One attempt with its membership: in the set 2 ms before it begins, out 1 ms after it ends. */
export function attemptOf(
  providerId: string,
  session: string,
  request: string,
  from: number,
  to: number,
  outcome: 'served' | 'failed' = 'served',
): Event[] {
  const about = { provider: providerId, attempt: `${providerId}-${request}`, request, session }
  const change = (at: number, score: number | null): Event => ({
    at,
    from: 'tap',
    kind: 'store-changed',
    provider: providerId,
    member: memberOf(session),
    score,
    since: at - 1,
    node,
    offset: at,
  })
  return [
    change(from - 2, 1),
    { at: from, from: 'providers', kind: 'provider-began', ...about },
    {
      at: to,
      from: 'providers',
      kind: 'provider-ended',
      ...about,
      outcome,
      status: outcome === 'served' ? 200 : 500,
      since: to,
    },
    change(to + 1, null),
  ]
}

/** One client's request around its attempts. */
export const requestOf = (request: string, session: string, from: number, to: number): Event[] => [
  { at: from, from: 'client', kind: 'client-sent', request, session, plannedAt: from, shape: 'openai', stream: false },
  { at: from + 1, from: 'proxy-1', kind: 'request-began', request, session },
  { at: to - 1, from: 'client', kind: 'client-first-byte', request, status: 200 },
  { at: to, from: 'client', kind: 'client-ended', request, outcome: 'complete', status: 200, bytes: 10 },
]

export const phaseAt = (at: number, phase: Extract<Event, { kind: 'phase' }>['phase']): Event => ({
  at,
  from: 'runner',
  kind: 'phase',
  phase,
})

export const censusAt = (at: number, providerId: string, members: readonly string[] = []): Event => ({
  at,
  from: 'tap',
  kind: 'store-census',
  provider: providerId,
  members,
  since: at - 1,
  node,
  offset: at,
  matched: true,
})

export const inOrder = (events: readonly Event[]): Event[] => events.toSorted((a, b) => a.at - b.at)

/** A client that leaves while its attempt is in flight: that is closed at once. */
const leaver: readonly Event[] = [
  ...attemptOf('alpha', 'left', 'r-left', 1_405, 1_421).map(event =>
    event.kind === 'provider-ended' ? { ...event, outcome: 'peer-closed' as const, since: 1_405 } : event,
  ),
  ...requestOf('r-left', 'left', 1_400, 1_420)
    .filter(({ kind }) => kind !== 'client-first-byte')
    .map(event =>
      event.kind === 'client-ended' ? { ...event, outcome: 'aborted' as const, status: 0, bytes: 0 } : event,
    ),
]

/** A provider that says when to come back, to a client that hears it. */
const limited: readonly Event[] = [
  ...attemptOf('beta', 'limited', 'r-limited', 965, 970, 'failed').map(event =>
    event.kind === 'provider-ended' ? { ...event, status: 429, retryAfterMs: 300 } : event,
  ),
  ...requestOf('r-limited', 'limited', 960, 973).map(event =>
    event.kind === 'client-ended'
      ? { ...event, outcome: 'answered' as const, status: 429, retryAfterMs: 300 }
      : event.kind === 'client-first-byte'
        ? { ...event, status: 429 }
        : event,
  ),
]

/** An instance that dies with one attempt in flight: its member stays until the lease ends, its client is cut off. */
const killedAt = 100
const crash: readonly Event[] = [
  ...requestOf('r-cut', 'cut', 60, killedAt + 2).flatMap((event): Event[] => {
    if (event.kind === 'request-began') return [{ ...event, from: 'proxy-2' }]
    if (event.kind === 'client-ended') return [{ ...event, outcome: 'broken', status: 0, bytes: 0 }]
    return event.kind === 'client-sent' ? [event] : []
  }),
  ...attemptOf('beta', 'cut', 'r-cut', 70, killedAt + 1).map((event): Event => {
    if (event.kind === 'provider-ended') return { ...event, outcome: 'peer-closed' }
    return event.kind === 'store-changed' && event.score === null ? { ...event, at: 1_720, since: 1_719 } : event
  }),
  {
    at: killedAt,
    from: 'runner',
    kind: 'fault-injected',
    fault: 'proxy-killed',
    id: 'f0',
    takes: 'requests',
    instance: 'proxy-2',
  },
  { at: 400, from: 'runner', kind: 'fault-healed', fault: 'proxy-killed', id: 'f0' },
  {
    at: 1_750,
    from: 'runner',
    kind: 'receipt',
    fault: 'proxy-killed',
    id: 'f0',
    landed: true,
    because: 'proxy-2 was killed with 1 request open',
  },
]

/** A session that an operator ends: its stream is cut. */
const unwanted: readonly Event[] = [
  {
    at: 700,
    from: 'runner',
    kind: 'fault-injected',
    fault: 'session-terminated',
    id: 'f2',
    takes: 'session',
    session: 'unwanted',
  },
  { at: 750, from: 'runner', kind: 'fault-healed', fault: 'session-terminated', id: 'f2' },
  {
    at: 1_750,
    from: 'runner',
    kind: 'receipt',
    fault: 'session-terminated',
    id: 'f2',
    landed: true,
    because: '1 attempts were marked',
  },
  ...attemptOf('beta', 'unwanted', 'r-unwanted', 655, 702).map(event =>
    event.kind === 'provider-ended' ? { ...event, outcome: 'peer-closed' as const } : event,
  ),
  ...requestOf('r-unwanted', 'unwanted', 650, 703).map(event =>
    event.kind === 'client-ended' ? { ...event, outcome: 'broken' as const } : event,
  ),
]

/** Ten sessions 150 ms apart; those of the storm fail at alpha and are served by beta. */
function sessions(): Event[] {
  const events: Event[] = []
  for (let n = 0; n < 10; n++) {
    const start = 100 + n * 150
    const [session, request] = [`s${n}`, `r${n}`]
    const failing = start >= 500 && start < 1_000
    events.push(...attemptOf('alpha', session, request, start + 5, start + 40, failing ? 'failed' : 'served'))
    if (failing) events.push(...attemptOf('beta', session, request, start + 46, start + 100))
    events.push(...requestOf(request, session, start, start + (failing ? 104 : 44)))
  }
  return events
}

/** More of them where all is well: of very few answers no median is known. */
const others: readonly Event[] = [175, 325, 440, 1_410, 1_420, 1_500, 1_520].flatMap((start, n) => [
  ...attemptOf('alpha', `o${n}`, `r-other-${n}`, start + 5, start + 40),
  ...requestOf(`r-other-${n}`, `o${n}`, start, start + 44),
])

export const cleanHistory: readonly Event[] = inOrder([
  phaseAt(0, 'warm-up'),
  phaseAt(50, 'baseline'),
  phaseAt(500, 'storm'),
  { at: 500, from: 'runner', kind: 'fault-injected', fault: 'provider-fails', id: 'f1' },
  { at: 1_000, from: 'runner', kind: 'fault-healed', fault: 'provider-fails', id: 'f1' },
  phaseAt(1_000, 'recovery'),
  {
    at: 1_750,
    from: 'runner',
    kind: 'receipt',
    fault: 'provider-fails',
    id: 'f1',
    landed: true,
    because: 'alpha answered 3 requests with an error',
  },
  phaseAt(1_800, 'rest'),
  censusAt(2_100, 'alpha'),
  censusAt(2_100, 'beta'),
  { at: 2_200, from: 'runner', kind: 'store-counted', commands: 40, errors: {} },
  { at: 2_201, from: 'bystander', kind: 'store-round-trips', p50Ms: 0.3, p99Ms: 1, samples: 1_000 },
  { at: 2_202, from: 'tap', kind: 'store-resolution', p50Ms: 1, p99Ms: 2, changes: 1_000 },
  {
    at: 2_203,
    from: 'client',
    kind: 'generator',
    planned: 21,
    sent: 21,
    dropped: 0,
    latenessP50Ms: 0.1,
    latenessP99Ms: 1,
  },
  ...sessions(),
  ...others,
  ...leaver,
  ...limited,
  ...crash,
  ...unwanted,
])

/** Makes one session's removal after its failure come so much later, or never. */
export function lateRemoval(history: readonly Event[], session: string, byMs: number): Event[] {
  return inOrder(
    history.flatMap(event => {
      const isIt =
        event.kind === 'store-changed' &&
        event.provider === 'alpha' &&
        event.member === memberOf(session) &&
        event.score === null
      if (!isIt) return [event]
      return byMs === Number.POSITIVE_INFINITY ? [] : [{ ...event, at: event.at + byMs, since: event.since + byMs }]
    }),
  )
}
