/** What the clients saw: answers, waiting times from the intended send, and the price in upstream calls; over all and by phase. */
import type { Millis } from '../../proxy/ports.ts'
import { ShortLived } from '../../proxy/short-lived.ts'
import type { Event, Phase } from '../history.ts'
import type { Topology } from '../topology.ts'
import type { Ledger } from './ledger.ts'
import { Durations, type Figures, Findings, type Meter, seconds } from './meter.ts'
import { Probation } from './probation.ts'

type Of<K extends Event['kind']> = Extract<Event, { kind: K }>

interface Asked {
  sent: Of<'client-sent'>
  /** Which proxy took it. */
  instance: string | undefined
  /** Undefined in the warm-up. */
  tally: Tally | undefined
  /** It was sent when everything had had its time to be as before. */
  settled: boolean
  /** Some provider was called. */
  called: boolean
  firstByteAt: Millis | undefined
}

/** What became of the requests that were sent in one phase. */
class Tally {
  readonly ttft = new Durations()
  readonly latency = new Durations()
  readonly failover = new Durations()
  /** Until an error was told. */
  readonly refusal = new Durations()
  /** Of a phase. */
  beganAt: Millis | undefined
  endedAt: Millis | undefined
  sent = 0
  complete = 0
  aborted = 0
  /** Told that there was no room. */
  turnedAway = 0
  /** Told to come back, while their proxy waited to hear whether a provider is well again. */
  tooEarly = 0
  attempts = 0

  /** Of those that stayed and found room. */
  get served(): number | undefined {
    const stayed = this.sent - this.aborted - this.turnedAway - this.tooEarly
    return stayed ? this.complete / stayed : undefined
  }

  /** Answers a second, by when they were asked for. */
  #throughput(suffix: string): Figures {
    const { beganAt, endedAt } = this
    if (beganAt === undefined || endedAt === undefined || endedAt <= beganAt) return {}
    return { [`throughput${suffix}`]: (1000 * this.complete) / (endedAt - beganAt) }
  }

  figures(suffix = ''): Figures {
    if (this.sent === 0) return {}
    return {
      [`availability${suffix}`]: this.complete / this.sent,
      [`amplification${suffix}`]: this.attempts / this.sent,
      ...this.ttft.figures(`ttft${suffix}`),
      ...this.latency.figures(`latency${suffix}`),
      ...this.failover.figures(`failover${suffix}`),
      ...this.refusal.figures(`refusal${suffix}`),
      ...this.#throughput(suffix),
    }
  }
}

/** The statuses whose clients ask when to come back. */
const tellsWhen: ReadonlySet<number> = new Set([429, 503, 529])

/** Open breakers and pauses last a while beyond the heal. */
function settledFrom({ healedAt, topology }: Ledger, lastTrouble: Millis, pausedUntil: Millis): Millis {
  const { providers, transitMs } = topology
  const openMs = Math.max(...providers.map(({ breaker }) => (breaker.failures > 0 ? breaker.openMs : 0)))
  const over = Math.max(healedAt ?? Number.POSITIVE_INFINITY, lastTrouble)
  return Math.max(over + openMs, pausedUntil) + transitMs
}

export function clients({ transitMs }: Topology): Meter {
  const open = new ShortLived<string, Asked>()
  const failedAt = new ShortLived<string, Millis>()
  const all = new Tally()
  const phases = new Map<Phase, Tally>()
  const settled = new Tally()
  const probation = new Probation(transitMs)
  /** Refused and not sent to anybody, when all should be as before; judged when it is known who asked just then. */
  const refused: { instance: string | undefined; from: Millis; to: Millis }[] = []
  const unanswered = new Findings()
  const unhelpful = new Findings()
  const hidden = new Findings()
  let sent = 0
  let cut = 0
  let current: Tally | undefined
  /** Until when some provider wishes to be left alone. */
  let pausedUntil = Number.NEGATIVE_INFINITY
  /** Attempts of before the heal: they may fail after it, and open a breaker then. */
  const before = new Set<string>()
  let lastTrouble = Number.NEGATIVE_INFINITY

  function tallyOf(phase: Phase): Tally {
    let tally = phases.get(phase)
    if (!tally) phases.set(phase, (tally = new Tally()))
    return tally
  }
  const count = (asked: Asked | undefined, into: (tally: Tally) => void) => {
    if (!asked?.tally) return
    into(all)
    into(asked.tally)
    if (asked.settled) into(settled)
  }

  function ended(event: Of<'client-ended'>, asked: Asked, { trouble, topology }: Ledger) {
    const { sent, firstByteAt } = asked
    const took = event.at - sent.plannedAt
    if (event.hidden) hidden.add(`request ${event.request} looks whole: ${event.because ?? 'it is not'}`, sent, event)
    if (event.outcome === 'aborted') count(asked, tally => void tally.aborted++)
    const [from, to] = [sent.at, event.at + topology.transitMs]
    const cutByOthers = trouble.died(asked.instance, from, to) || trouble.ended(sent.session, from, to)
    if (event.outcome === 'broken' && cutByOthers) cut++
    else if (event.outcome === 'broken')
      unanswered.add(`request ${event.request} broke: ${event.because ?? 'no answer'}`, sent, event)
    if (event.outcome === 'answered') {
      count(asked, tally => {
        tally.refusal.add(took)
        if (event.status === 429) tally.turnedAway++
      })
      if (asked.tally && asked.settled && !asked.called && event.status !== 429)
        refused.push({ instance: asked.instance, from: sent.at - transitMs, to: event.at + transitMs })
      if (tellsWhen.has(event.status) && event.retryAfterMs === undefined)
        unhelpful.add(
          `request ${event.request} was answered ${event.status}, and not told when to come back`,
          sent,
          event,
        )
    }
    if (event.outcome !== 'complete') return
    count(asked, tally => {
      tally.complete++
      tally.latency.add(took)
      if (firstByteAt !== undefined) tally.ttft.add(firstByteAt - sent.plannedAt)
    })
  }

  function judgeUntil(now: Millis) {
    while (refused.length && refused[0]!.to < now) {
      const { instance, from, to } = refused.shift()!
      if (probation.isUnderWay(instance, from, to)) settled.tooEarly++
    }
  }

  return {
    passed: judgeUntil,
    on: {
      phase({ phase, at }) {
        if (current) current.endedAt = at
        current = tallyOf(phase)
        current.beganAt = at
      },
      'client-sent'(event, ledger) {
        const asked: Asked = {
          sent: event,
          instance: event.instance,
          tally: event.at >= ledger.judgedFrom ? tallyOf(ledger.phase) : undefined,
          settled:
            ledger.phase === 'recovery' &&
            ledger.standing.size === 0 &&
            event.at >= settledFrom(ledger, lastTrouble, pausedUntil),
          called: false,
          firstByteAt: undefined,
        }
        sent++
        count(asked, tally => void tally.sent++)
        open.set(event.request, asked)
      },
      'request-began'({ request, from }) {
        const asked = open.get(request)
        if (asked) asked.instance = from
      },
      'client-first-byte'({ request, at }) {
        const asked = open.get(request)
        if (asked) asked.firstByteAt = at
      },
      'client-ended'(event, ledger) {
        const asked = open.get(event.request)
        open.delete(event.request)
        failedAt.delete(event.request)
        if (asked) ended(event, asked, ledger)
      },
      'provider-began'({ request, attempt, at }, { phase, standing }) {
        const asked = open.get(request)
        if (asked) asked.called = true
        if (phase !== 'recovery' || standing.size) before.add(attempt)
        count(asked, tally => void tally.attempts++)
        const failed = failedAt.get(request)
        if (failed === undefined) return
        count(asked, ({ failover }) => failover.add(at - failed))
        failedAt.delete(request)
      },
      'provider-ended'({ request, attempt, outcome, at, retryAfterMs }) {
        if (before.delete(attempt) && outcome !== 'served') lastTrouble = at
        if (retryAfterMs !== undefined) pausedUntil = Math.max(pausedUntil, at + retryAfterMs)
        if (outcome !== 'served' && open.has(request)) failedAt.set(request, at)
      },
    },
    when: { began: change => probation.see(change), ended: change => probation.see(change) },
    done() {
      judgeUntil(Number.POSITIVE_INFINITY)
      for (const { sent: asked } of open.values())
        unanswered.add(`request ${asked.request}, sent at ${seconds(asked.at)}, never ended`, asked)
      const figures: Figures = {
        'requests.sent': sent,
        'requests.unanswered': unanswered.count,
        ...(cut && { 'requests.cutByOthers': cut }),
        ...all.figures(),
        ...settled.latency.figures('latency.settled'),
      }
      for (const [phase, tally] of phases) Object.assign(figures, tally.figures(`.${phase}`))
      figures['requests.broken'] = unanswered.count
      const served = { 'served.baseline': phases.get('baseline')?.served, 'served.settled': settled.served }
      const medians = {
        'latency.baseline.p50.atMost': phases.get('baseline')?.latency.medianBand()?.atMost,
        'latency.settled.p50.atLeast': settled.latency.medianBand()?.atLeast,
      }
      for (const [name, value] of Object.entries({ ...served, ...medians }))
        if (value !== undefined) figures[name] = value
      return { figures, unanswered: unanswered.list, unhelpful: unhelpful.list, hidden: hidden.list }
    },
  }
}
