/** Tells a history event by event, and remembers what a listener must: who is in flight where, who is a member, whose token it is. */
import { sessionOf } from '../../proxy/tracker/keys.ts'
import type { Event } from '../history.ts'
import { asksOf, type Plan } from '../plan.ts'
import { sentenceOf } from './sentences.ts'

/** A session at a provider, as far as the story needs it. */
interface Seat {
  /** Requests in flight. */
  inFlight: Set<string>
  member: boolean
  ended?: { at: number; outcome: string }
}

export class Teller {
  readonly #plan: Plan
  readonly #seats = new Map<string, Seat>()
  readonly #via: ReadonlyMap<string, number>
  readonly #tokens = new Map<string, string>()
  #resting = false

  constructor(plan: Plan) {
    this.#plan = plan
    this.#via = new Map(asksOf(plan).map(({ request, via }) => [request, via]))
  }

  /** What is worth a line of this event; mostly nothing. */
  *tell(event: Event): Iterable<string> {
    switch (event.kind) {
      case 'phase':
        this.#resting = event.phase === 'rest'
        return
      case 'fault-injected':
        yield `${this.#called(event.id)} begins`
        return
      case 'fault-healed':
        yield `${this.#called(event.id)} is over`
        return
      case 'client-sent':
        yield `session ${event.session} asks: ${event.request}, through ${this.#planned(event.request)}`
        return
      case 'receipt':
        if (!event.landed) yield `nobody felt ${this.#called(event.id)}: ${event.because}`
        return
      case 'request-began':
        if (this.#via.has(event.request) && event.from !== this.#planned(event.request))
          yield `${event.request} comes to ${event.from} instead`
        return
      case 'unleased':
        yield `${event.from} can no longer vouch for the lease of ${this.#tokens.get(event.token) ?? event.token} at ${event.provider}`
        return
      case 'admitted':
        this.#tokens.set(event.token, event.request)
        yield `${event.request} acquires a slot at ${event.provider}, ${event.count} of ${this.#limit(event.provider)}`
        return
      case 'refused':
        yield `${event.request} is refused at ${event.provider}: ${event.count} of ${this.#limit(event.provider)} are taken`
        return
      case 'provider-began':
        return yield* this.#began(event)
      case 'provider-ended':
        return yield* this.#ended(event)
      case 'store-changed':
      case 'store-lost':
        return yield* this.#changed(event)
      case 'released':
        return yield* this.#released(event)
      case 'store-census':
        return yield* this.#census(event)
      default: {
        const sentence = sentenceOf(event)
        if (sentence) yield sentence
      }
    }
  }

  *#began({ provider, session, request }: Of<'provider-began'>) {
    const seat = this.#seat(provider, session)
    seat.inFlight.add(request)
    const { limit, unit } = this.#spec(provider)
    const there = [...this.#seats].filter(([key]) => key.startsWith(`${provider} `)).map(([, { inFlight }]) => inFlight)
    const count = there.reduce((sum, { size }) => sum + (unit === 'attempt' ? size : Math.min(1, size)), 0)
    if (count > limit) yield `${provider} serves ${request}: ${count} ${unit}s are in flight there, limit ${limit}`
    else if (!seat.member) yield `${provider} serves ${request}, and ${session} is not counted there`
  }

  *#ended({ at, provider, session, request, outcome, status }: Of<'provider-ended'>) {
    const seat = this.#seat(provider, session)
    seat.inFlight.delete(request)
    seat.ended = { at, outcome }
    if (outcome === 'served') yield `${provider} has served ${request}`
    else if (outcome === 'failed') yield `${provider} fails ${request} with ${status}`
    else yield `${request} leaves ${provider} before its end`
  }

  *#changed({ at, kind, provider, member, score }: Of<'store-changed'> | Of<'store-lost'>) {
    const session = nameOf(member)
    const seat = this.#seat(provider, session)
    const { member: was, inFlight, ended } = seat
    seat.member = score !== null
    if (kind === 'store-lost') {
      if (was === seat.member) yield `Redis loses a change of ${session} in {provider:${provider}}`
      else if (was)
        yield `Redis loses ${session} in {provider:${provider}}${inFlight.size ? ', which is in flight there' : ''}`
      else yield `Redis loses the release of ${session}: it is in {provider:${provider}} again`
      return
    }
    if (!was || seat.member) return
    if (inFlight.size)
      yield `${session} is removed from {provider:${provider}} while ${[...inFlight].join(', ')} is in flight there`
    // Right after an end the release tells it.
    else if (ended && at - ended.at > this.#plan.topology.transitMs)
      yield `${session} leaves {provider:${provider}}, ${seconds(at - ended.at)} after its last attempt there`
  }

  *#released({ provider, member, token }: Of<'released'>) {
    const request = this.#tokens.get(token)
    if (request === undefined) return
    const { member: still, inFlight, ended } = this.#seat(provider, nameOf(member))
    const byDesign = this.#plan.topology.membership === 'recently-active' && ended?.outcome === 'served'
    const stays = byDesign ? ' as one that succeeded lately' : ''
    const but = still && inFlight.size === 0 ? `; ${nameOf(member)} stays in {provider:${provider}}${stays}` : ''
    yield `${request} gives its slot at ${provider} back${but}`
  }

  *#census({ at, provider, members }: Of<'store-census'>) {
    if (!this.#resting) return
    for (const session of members.map(nameOf)) {
      const { ended } = this.#seat(provider, session)
      const since = ended
        ? `, ${seconds(at - ended.at)} after its last attempt there (${ended.outcome})`
        : ', and never had an attempt there'
      yield `everybody has stopped, and ${session} is in {provider:${provider}}${since}`
    }
  }

  #called(id: string): string {
    for (const step of this.#plan.steps)
      if (step.do === 'inject' && step.id === id) {
        const { fault, provider, instance, ...parameters } = step.call
        const at = [provider, ...(instance === undefined ? [] : [nameOfInstance(instance)])].filter(Boolean)
        const told = Object.entries(parameters).map(([name, value]) => `${name} ${value}`)
        return `${fault}${at.length ? ` at ${at.join(' and ')}` : ''}${told.length ? ` (${told.join(', ')})` : ''}`
      }
    return id
  }

  #seat(provider: string, session: string): Seat {
    const key = `${provider} ${session}`
    let seat = this.#seats.get(key)
    if (!seat) this.#seats.set(key, (seat = { inFlight: new Set(), member: false }))
    return seat
  }

  #planned = (request: string) => nameOfInstance(this.#via.get(request) ?? 0)
  #spec = (id: string) => this.#plan.topology.providers.find(provider => provider.id === id)!
  #limit = (id: string) => this.#spec(id).limit
}

type Of<K extends Event['kind']> = Extract<Event, { kind: K }>

const nameOfInstance = (via: number) => `proxy-${via + 1}`
const nameOf = (member: string) => sessionOf(member) ?? member
const seconds = (ms: number) => `${(ms / 1000).toFixed(3)} s`
