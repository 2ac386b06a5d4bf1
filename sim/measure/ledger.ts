/** Who is in flight and who is a member, kept up event by event: what all meters share. */
import type { Millis } from '../../proxy/ports.ts'
import { leaseMs } from '../../proxy/provider.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import { sessionOf } from '../../proxy/tracker/keys.ts'
import type { Event, Phase } from '../history.ts'
import type { ProviderSpec, Topology } from '../topology.ts'
import type { Cause } from './measurement.ts'
import { Trouble } from './trouble.ts'

type Of<K extends Event['kind']> = Extract<Event, { kind: K }>

/** One session at one provider. */
export interface Seat {
  provider: ProviderSpec
  session: string
  /** Attempts in flight, by the provider's number, with the event that began each. */
  attempts: Map<string, Of<'provider-began'>>
  /** When its membership was last certain to have begun; undefined while it is no member. */
  joinedAt: Millis | undefined
  /** The same of its last membership, whether or not it has ended: a client may leave before its attempt begins. */
  lastJoinedAt: Millis
  left: Of<'store-changed'> | Of<'store-lost'> | undefined
  /** The last attempt that ended here. */
  ended: { event: Of<'provider-ended'>; cause: Cause; instance: string | undefined } | undefined
  lastSuccessAt: Millis
  /** When the store lost it as a member, or was made to forget it. */
  lostAt: Millis | undefined
  /** When the store lost that it had left, or somebody else put it there. */
  revivedAt: Millis | undefined
  /** When an attempt of it ended with its instance, or was admitted and never begun: nobody releases that one. */
  crashedAt: Millis | undefined
  /** When the proxy said that it is served without being counted. */
  declaredAt: Millis | undefined
  /** Its score, when that last grew, and when an attempt last began here: for limits that count attempts. */
  score: number
  grewAt: Millis
  beganAt: Millis
  /** Recent attempts that have ended, for limits that count attempts. */
  recentEnds: { at: Millis; instance: string | undefined }[]
}

/**
 * What an event did to a seat. `last`: no attempt is left in flight. `first`: none was before. `instance`: the proxy that took
 * the request; `since`: when it got leave to call, so that the call left no earlier.
 */
export type Change =
  | {
      kind: 'began'
      seat: Seat
      event: Of<'provider-began'>
      instance: string | undefined
      since: Millis
      first: boolean
    }
  | {
      kind: 'ended'
      seat: Seat
      event: Of<'provider-ended'>
      instance: string | undefined
      beganAt: Millis
      cause: Cause
      last: boolean
      /** It ended by itself, or with its client: a proxy that died just then may have given the slot back. */
      heardOf: boolean
    }
  | { kind: 'joined'; seat: Seat; event: Event & { since: Millis } }
  | { kind: 'left'; seat: Seat; event: Of<'store-changed'> | Of<'store-lost'> }
  /** It had left, and the store lost that before anybody saw it. */
  | { kind: 'revived'; seat: Seat; event: Of<'store-lost'> }

/** What is known of a request until it is over and nothing of it is in flight. */
interface Request {
  /** Its attempts: one, or two that race. */
  inFlight: Of<'provider-began'>[]
  /** The attempt that answered it. */
  served: { beganAt: Millis; endedAt: Millis } | undefined
  aborted: boolean
  over: boolean
  /** A provider may hear of the request after its client has left, or its proxy died. */
  remembered: boolean
  /** The last leave it got to call somebody. */
  admitted: { provider: string; at: Millis } | undefined
  /** Which proxy took it. */
  instance: string | undefined
}

/** A seat that nobody used for so long has nothing more to tell. */
const forgetAfterMs = 2_000

export class Ledger {
  readonly topology: Topology
  phase: Phase = 'baseline'
  now: Millis = 0
  /** Nothing before it is judged: the end of the warm-up. */
  judgedFrom: Millis = 0
  /** The moment from which the world was whole again. */
  healedAt: Millis | undefined
  readonly trouble: Trouble
  /** The seat that the last change of the store was about. */
  changed: Seat | undefined
  /** Faults that have not been healed, by id. */
  readonly standing = new Set<string>()
  readonly #seats: Map<string, ShortLived<string, Seat>>
  /** Whose slot a token is, by what the proxy said when it was admitted. */
  readonly #tokens = new ShortLived<string, { provider: string; session: string }>()
  /** By provider and session: when the proxy last said that its lease could not be vouched for. */
  readonly #unleased = new Map<string, Millis>()
  readonly #requests = new ShortLived<string, Request>()
  #idle: { seat: Seat; at: Millis }[] = []
  /** Those before it have been looked at. */
  #idleFrom = 0
  #brokenOff: { request: string; at: Millis }[] = []

  constructor(topology: Topology) {
    this.topology = topology
    this.trouble = new Trouble(recoveryMs(topology))
    this.#seats = new Map(topology.providers.map(({ id }) => [id, new ShortLived<string, Seat>()]))
  }

  seatsAt(provider: string): Iterable<Seat> {
    return this.#seats.get(provider)?.values() ?? []
  }

  *allSeats(): Iterable<Seat> {
    for (const seats of this.#seats.values()) yield* seats.values()
  }

  seat(provider: string, session: string): Seat | undefined {
    return this.#seats.get(provider)?.get(session)
  }

  /** The proxy that took this request, while something of it is in flight. */
  instanceOf(request: string): string | undefined {
    return this.#requests.get(request)?.instance
  }

  /**
   * Until when this member needs no attempt in flight: while it is on its way, and under `recently-active` for a window
   * after a success, if nothing failed since. Before anything is known of it: always too long.
   */
  excusedUntil(seat: Seat): Millis {
    const { membership, windowMs, transitMs } = this.topology
    if (seat.attempts.size) return Number.POSITIVE_INFINITY
    const {
      ended,
      joinedAt,
      lastJoinedAt,
      revivedAt = Number.NEGATIVE_INFINITY,
      crashedAt = Number.NEGATIVE_INFINITY,
      grewAt,
      beganAt,
      provider,
    } = seat
    const untilReaped = reapedWithinMs(provider)
    const endedAt = ended?.event.at ?? Number.NEGATIVE_INFINITY
    if (revivedAt > endedAt) return revivedAt + untilReaped
    // Admitted by an instance that has not heard of it, and perhaps never will.
    if (lastJoinedAt > endedAt && this.trouble.someoneGone(lastJoinedAt, lastJoinedAt + transitMs))
      return lastJoinedAt + untilReaped
    if (!ended) return joinedAt === undefined ? Number.NEGATIVE_INFINITY : joinedAt + transitMs
    const wanted =
      membership === 'recently-active' && ended.cause === 'success' ? ended.event.at + windowMs : ended.event.at
    // Its instance was stopped before it could release it.
    const stopped = this.trouble.gone(ended.instance, endedAt, endedAt + transitMs)
    // The last that was admitted never began: its instance died with it.
    const unbegunAt = grewAt > beganAt && this.trouble.someoneGone(grewAt, grewAt + transitMs) ? grewAt : crashedAt
    // What came back stays for its lease, whatever else of the session has ended since.
    return Math.max(wanted, Math.max(stopped ? endedAt : crashedAt, unbegunAt, revivedAt) + untilReaped)
  }

  /**
   * How many of this session's attempts may still have been counted at this instant: those of an instance that was stopped go with their
   * leases, the last one too that it admitted and did not begin.
   */
  attemptsCounted({ attempts, recentEnds, provider, grewAt, beganAt }: Seat, from: Millis): number {
    const { transitMs } = this.topology
    const reaped = reapedWithinMs(provider)
    const until = ({ at, instance }: Seat['recentEnds'][number]) =>
      this.trouble.gone(instance, at, at + transitMs) ? at + reaped : at
    const unbegun = grewAt > beganAt && grewAt + reaped >= from && this.trouble.someoneGone(grewAt, grewAt + transitMs)
    return attempts.size + recentEnds.filter(end => until(end) >= from).length + (unbegun ? 1 : 0)
  }

  /**
   * Until when a session that is in flight need not be counted, since it was not: while it is on its way; and where the store lost it, or
   * the proxy declared it while the store was away, until a heartbeat after the store was back. That holds for whatever was in flight
   * then (`oldest`: when its oldest attempt began), even if another of its attempts was counted meanwhile and took the membership along.
   */
  uncountedUntil({ provider, lostAt, declaredAt }: Seat, since: Millis, oldest: Millis): Millis {
    const { transitMs } = this.topology
    const declared = declaredAt !== undefined && this.trouble.admitsNobody(declaredAt) ? declaredAt : undefined
    const excused = [lostAt, declared].filter(at => at !== undefined).filter(at => at >= oldest - transitMs)
    const mended = excused.map(at => this.trouble.storeBackAt(at) + provider.heartbeatMs)
    return Math.max(since, ...mended) + transitMs
  }

  /**
   * Whether the proxy has said that this session's lease could not be vouched for since then, and could not help it. It says so when it
   * goes on: perhaps after all was over.
   */
  saidUnleased({ provider, session }: Seat, since: Millis): boolean {
    const at = this.#unleased.size ? this.#unleased.get(`${provider.id} ${session}`) : undefined
    return at !== undefined && at >= since && this.trouble.someoneGone(since - leaseMs(provider), at)
  }

  see(event: Event): Change | undefined {
    this.now = event.at
    this.trouble.see(event)
    switch (event.kind) {
      case 'phase':
        this.phase = event.phase
        if (event.phase === 'warm-up') this.judgedFrom = Number.POSITIVE_INFINITY
        else this.judgedFrom = Math.min(this.judgedFrom, event.at)
        if (event.phase === 'recovery') this.healedAt ??= event.at
        return
      case 'fault-injected':
        this.standing.add(event.id)
        return
      case 'fault-healed':
        this.standing.delete(event.id)
        this.healedAt = event.at
        return
      case 'client-ended':
        if (event.outcome === 'aborted' || event.outcome === 'broken') {
          const request = this.#request(event.request)
          Object.assign(request, { aborted: event.outcome === 'aborted', over: true, remembered: true })
          this.#brokenOff.push({ request: event.request, at: event.at })
        } else this.#over(event.request)
        return
      // A proxy that is killed cannot tell what it has taken last.
      case 'client-sent':
        if (event.instance !== undefined) this.#request(event.request).instance = event.instance
        return
      case 'request-began':
        this.#request(event.request).instance = event.from
        return
      case 'request-ended':
        this.#over(event.request)
        return
      case 'uncounted-admission': {
        this.#request(event.request).admitted = event
        const seat = this.#take(event.provider, event.session)
        if (seat) seat.declaredAt = event.at
        return
      }
      case 'admitted':
        this.#request(event.request).admitted = event
        this.#tokens.set(event.token, event)
        return
      case 'released':
      case 'outbox-dropped':
        this.#tokens.delete(event.token)
        return
      case 'unleased': {
        const whose = this.#tokens.get(event.token)
        if (whose) this.#unleased.set(`${whose.provider} ${whose.session}`, event.at)
        return
      }
      case 'provider-began':
        return this.#began(event)
      case 'provider-ended':
        return this.#ended(event)
      case 'store-changed':
      case 'store-lost':
        return this.#changed(event)
    }
  }

  #began(event: Of<'provider-began'>): Change | undefined {
    const seat = this.#take(event.provider, event.session)
    if (!seat) return
    const request = this.#request(event.request)
    request.inFlight.push(event)
    const first = seat.attempts.size === 0
    seat.attempts.set(event.attempt, event)
    seat.beganAt = event.at
    const since = request.admitted?.provider === event.provider ? request.admitted.at : event.at
    return { kind: 'began', seat, event, instance: request.instance, since, first }
  }

  #ended(event: Of<'provider-ended'>): Change | undefined {
    const seat = this.#take(event.provider, event.session)
    const began = seat?.attempts.get(event.attempt)
    if (!seat || !began) return
    seat.attempts.delete(event.attempt)
    const request = this.#request(event.request)
    request.inFlight = request.inFlight.filter(other => other !== began)
    const beganAt = began.at
    const cause = this.trouble.gone(request.instance, event.since, event.at) ? 'crash' : causeOf(event, request)
    if (cause === 'success') request.served = { beganAt, endedAt: event.at }
    this.#forgetIfOver(event.request, request)
    seat.ended = { event, cause, instance: request.instance }
    if (cause === 'crash') seat.crashedAt = event.at
    if (cause === 'success') seat.lastSuccessAt = event.at
    if (seat.provider.unit === 'attempt') seat.recentEnds.push({ at: event.at, instance: request.instance })
    this.#idle.push({ seat, at: event.at })
    return {
      kind: 'ended',
      seat,
      event,
      instance: request.instance,
      beganAt,
      cause,
      last: seat.attempts.size === 0,
      heardOf: event.outcome !== 'peer-closed' || request.aborted,
    }
  }

  #changed(event: Of<'store-changed'> | Of<'store-lost'>): Change | undefined {
    const seat = this.#take(event.provider, sessionOf(event.member) ?? event.member)
    this.changed = seat
    if (!seat) return
    const isMember = seat.joinedAt !== undefined
    const score = event.score ?? 0
    if (score > seat.score) this.#grew(seat, event.at)
    seat.score = score
    if (event.score === null) {
      // A primary that woke up may have taken it in, and lost it at once: nobody saw it come.
      if (event.kind === 'store-lost') seat.lostAt = event.at
      if (!isMember) return
      seat.joinedAt = undefined
      seat.left = event
      if (this.trouble.forgets(event.at)) seat.lostAt = event.at
      this.#idle.push({ seat, at: event.at })
      return { kind: 'left', seat, event }
    }
    // A change of the score says nothing about when it came.
    if (isMember) {
      if (event.kind !== 'store-lost') return
      seat.revivedAt = event.at
      return { kind: 'revived', seat, event }
    }
    seat.joinedAt = seat.lastJoinedAt = event.at
    const planted = seat.attempts.size === 0 && this.trouble.plants(event.at)
    if (event.kind === 'store-lost' || planted) seat.revivedAt = event.at
    return { kind: 'joined', seat, event }
  }

  #grew(seat: Seat, at: Millis) {
    const { grewAt, beganAt } = seat
    // Whoever was admitted before never began.
    if (grewAt > beganAt && this.trouble.someoneGone(grewAt, grewAt + this.topology.transitMs))
      seat.crashedAt = Math.max(seat.crashedAt ?? grewAt, grewAt)
    seat.grewAt = at
  }

  #request(id: string) {
    let request = this.#requests.get(id)
    if (!request)
      this.#requests.set(
        id,
        (request = {
          inFlight: [],
          served: undefined,
          admitted: undefined,
          aborted: false,
          over: false,
          remembered: false,
          instance: undefined,
        }),
      )
    return request
  }

  #over(id: string) {
    const request = this.#requests.get(id)
    if (!request) return
    request.over = true
    this.#forgetIfOver(id, request)
  }

  #forgetIfOver(id: string, { inFlight, over, remembered }: Request) {
    if (inFlight.length === 0 && over && !remembered) this.#requests.delete(id)
  }

  #take(provider: string, session: string): Seat | undefined {
    const seats = this.#seats.get(provider)
    if (!seats) return
    let seat = seats.get(session)
    if (!seat) {
      const spec = this.topology.providers.find(({ id }) => id === provider)!
      seat = {
        provider: spec,
        session,
        attempts: new Map(),
        joinedAt: undefined,
        lastJoinedAt: Number.NEGATIVE_INFINITY,
        left: undefined,
        ended: undefined,
        lastSuccessAt: Number.NEGATIVE_INFINITY,
        lostAt: undefined,
        revivedAt: undefined,
        crashedAt: undefined,
        declaredAt: undefined,
        score: 0,
        grewAt: Number.NEGATIVE_INFINITY,
        beganAt: Number.NEGATIVE_INFINITY,
        recentEnds: [],
      }
      seats.set(session, seat)
    }
    return seat
  }

  /** Lets go of what nobody can ask for any more. Called when every meter has seen the last event: some look back from it. */
  forget(): void {
    while (this.#brokenOff.length && this.#brokenOff[0]!.at < this.now - forgetAfterMs) {
      const { request } = this.#brokenOff.shift()!
      const left = this.#requests.get(request)
      if (!left) continue
      left.remembered = false
      this.#forgetIfOver(request, left)
    }
    const before = this.now - forgetAfterMs
    while (this.#idleFrom < this.#idle.length && this.#idle[this.#idleFrom]!.at < before) {
      const { seat, at } = this.#idle[this.#idleFrom++]!
      if (seat.recentEnds.length)
        seat.recentEnds = seat.recentEnds.filter(end => end.at >= at - reapedWithinMs(seat.provider))
      const used = Math.max(seat.ended?.event.at ?? 0, seat.left?.at ?? 0, seat.declaredAt ?? 0)
      if (seat.attempts.size === 0 && seat.joinedAt === undefined && used <= at)
        this.#seats.get(seat.provider.id)!.delete(seat.session)
    }
    // One by one they would be moved again and again.
    if (this.#idleFrom < 1_000) return
    this.#idle = this.#idle.slice(this.#idleFrom)
    this.#idleFrom = 0
  }
}

/** When the oldest attempt began that is in flight there; Infinity where none is. */
export const oldestOf = ({ attempts }: Pick<Seat, 'attempts'>): Millis =>
  Math.min(...[...attempts.values()].map(({ at }) => at))

/** What nobody will release any more goes with its lease, and with the beat that finds that out. */
const reapedWithinMs = (provider: ProviderSpec): Millis => leaseMs(provider) + provider.heartbeatMs

/** What a trouble of the store has piled up is made good within a heartbeat. */
const recoveryMs = ({ providers, transitMs }: Topology): Millis =>
  Math.max(...providers.map(({ heartbeatMs }) => heartbeatMs)) + transitMs

/** Whoever takes the place of an attempt begins when that is closed, a moment before or after it is seen; a rival began earlier. */
const raceMs: Millis = 20

/** A peer that closed: because its client had left, because another provider won, or because it lost patience. */
function causeOf({ outcome, at }: Of<'provider-ended'>, { aborted, inFlight, served }: Request): Cause {
  if (outcome === 'served') return 'success'
  if (outcome === 'failed') return 'failure'
  if (aborted) return 'abort'
  // What is not streamed wins when it ends.
  const won = served && at - served.endedAt <= raceMs && at - served.beganAt > raceMs
  return won || inFlight.some(began => at - began.at > raceMs) ? 'hedge-loss' : 'timeout'
}
