/** A short run told in a few lines: who asked, who acquired a slot where, what failed, who gave it back, what stayed. */
import { sessionOf } from '../../proxy/tracker/keys.ts'
import type { Verdict } from '../checks/check.ts'
import type { Event } from '../history.ts'
import { asksOf, type Plan } from '../plan.ts'

/** Longer stories lose their middle. */
const mostLines = 24

/** `events`: the whole history, in order. `plan`: as it was played, cast for its tracker. The last lines are the claims that broke, and why. */
export function storyOf(events: Iterable<Event>, plan: Plan, verdicts: readonly Verdict[]): string[] {
  const broken = verdicts.filter(({ result }) => result === 'fail')
  const teller = new Teller(plan)
  const lines: string[] = []
  for (const event of events)
    for (const text of teller.tell(event)) lines.push(`${(event.at / 1000).toFixed(3).padStart(8)} s  ${text}`)
  return [...shortened(lines), ...broken.map(({ check, because }) => `✗ ${check}: ${because}`)]
}

function shortened(lines: string[]): string[] {
  if (lines.length <= mostLines) return lines
  const half = mostLines / 2
  return [...lines.slice(0, half), `           … ${lines.length - mostLines} lines more …`, ...lines.slice(-half)]
}

/** A session at a provider, as far as the story needs it. */
interface Seat {
  /** Requests in flight. */
  inFlight: Set<string>
  member: boolean
  ended?: { at: number; outcome: string }
}

class Teller {
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
        yield `session ${event.session} asks: ${event.request}, through proxy-${(this.#via.get(event.request) ?? 0) + 1}`
        return
      case 'client-ended':
        if (event.outcome === 'broken' || event.outcome === 'aborted')
          yield `${event.request} is ${event.outcome}${event.because ? `: ${event.because}` : ''}`
        return
      case 'admitted':
        this.#tokens.set(event.token, event.request)
        yield `${event.request} acquires a slot at ${event.provider}, ${event.count} of ${this.#limit(event.provider)}`
        return
      case 'refused':
        yield `${event.request} is refused at ${event.provider}: ${event.count} of ${this.#limit(event.provider)} are taken`
        return
      case 'uncounted-admission':
        yield `${event.request} enters ${event.provider} uncounted: ${event.because}`
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
      case 'store-trouble':
        yield `trouble with the store, ${event.doing} at ${event.provider}: ${event.because}`
        return
      case 'store-census':
        return yield* this.#census(event)
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
    if (kind === 'store-lost') yield `Redis loses a change of ${session} at ${provider}`
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
        const { fault, provider, ...parameters } = step.call
        const told = Object.entries(parameters).map(([name, value]) => `${name} ${value}`)
        return `${fault} at ${provider}${told.length ? ` (${told.join(', ')})` : ''}`
      }
    return id
  }

  #seat(provider: string, session: string): Seat {
    const key = `${provider} ${session}`
    let seat = this.#seats.get(key)
    if (!seat) this.#seats.set(key, (seat = { inFlight: new Set(), member: false }))
    return seat
  }

  #spec = (id: string) => this.#plan.topology.providers.find(provider => provider.id === id)!
  #limit = (id: string) => this.#spec(id).limit
}

type Of<K extends Event['kind']> = Extract<Event, { kind: K }>

const nameOf = (member: string) => sessionOf(member) ?? member
const seconds = (ms: number) => `${(ms / 1000).toFixed(3)} s`
