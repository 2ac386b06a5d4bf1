/** The straight line from a request to the end of its reply. */

import { createAdmission } from './admission.ts'
import { attempt } from './attempt.ts'
import { type Attempted, unheard } from './attempted.ts'
import { backOff } from './back-off.ts'
import { type Candidate, Candidates, createOrder } from './choose.ts'
import type { ProxyConfig } from './config.ts'
import { decide } from './decide.ts'
import { beat } from './heartbeat.ts'
import { race } from './hedge.ts'
import { InFlight } from './in-flight.ts'
import { Leases } from './leases.ts'
import { createOperator, type Operator } from './operator.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { Millis, Ports } from './ports.ts'
import { type Shape, speaks } from './provider.ts'
import { Reach } from './reach.ts'
import { refuse, reply } from './reply.ts'
import type { Client, ProxyRequest } from './request.ts'
import { Running } from './running.ts'
import { Standing } from './standing.ts'
import { type ProxyState, stateOf } from './state.ts'
import { createStickiness } from './sticky.ts'

export type { ProxyState } from './state.ts'

export interface ProxyCore extends Operator {
  /** Answers the client, whatever happens; resolves when the last of its attempts has ended. Never rejects. */
  handle(request: ProxyRequest, client: Client): Promise<void>
  /** Keeps leases alive until the signal fires. */
  run(signal: AbortSignal): Promise<void>
  outbox: Outbox
  /**
   * Stops admitting (new requests get an honest 503 with Retry-After), waits for what runs, aborts the rest at the deadline,
   * empties the outbox. Resolves when nothing is left or the outbox gave up.
   */
  drain(deadlineMs: Millis): Promise<void>
  state(): ProxyState
  /** From the next admission on. */
  setLimit(provider: string, limit: number): void
}

/** One attempt to be made; `afterMs`: it is a retry, after so long a back-off. */
type Try = Candidate & { afterMs?: Millis }

export function createProxy(given: ProxyConfig, ports: Ports): ProxyCore {
  // Limits may change while the proxy runs: these providers are its own.
  const config = { ...given, providers: given.providers.map(provider => ({ ...provider })) }
  const providers = new Map(config.providers.map(provider => [provider.id, provider]))
  const { clock, chance, emit } = ports
  const standings = config.providers.map(provider => new Standing(provider, emit))
  const speaking = (shape: Shape) => standings.filter(({ provider }) => speaks(provider, shape))
  const orders = {
    anthropic: createOrder(speaking('anthropic'), chance),
    openai: createOrder(speaking('openai'), chance),
  }
  const hasTies = orders.anthropic.hasTies || orders.openai.hasTies
  const stickiness = config.stickyMs > 0 && hasTies ? createStickiness(config.stickyMs, ports) : undefined
  const reach = new Reach()
  const leases = new Leases(config.providers)
  const outbox = createOutbox(ports, reach)
  const inFlight = new InFlight(config.strict)
  const endSession = (member: string) => {
    const session = inFlight.terminate(member)
    if (session !== undefined) emit({ kind: 'terminated', session })
  }
  const admission = createAdmission(config, ports, { outbox, leases, reach, endSession })
  let draining = false

  async function handle(request: ProxyRequest, client: Client) {
    emit({ kind: 'request-began', request: request.id, session: request.session })
    const closed = draining ? 'closing' : inFlight.requests.size >= config.mostRequests ? 'local-overload' : undefined
    if (closed) {
      refuse(client, request, closed)
      return emit({ kind: 'request-ended', request: request.id, outcome: 'refused', attempts: 0 })
    }
    const running = new Running(request, client, inFlight)
    try {
      const preferred = stickiness && (await stickiness.preferred(request.session))
      const candidates = new Candidates(orders[request.shape](request.id, preferred), config.providersPerRequest)
      while (!running.stopped) {
        const candidate = candidates.next(clock.now())
        if (!candidate || (await ask(candidate, candidates, running)) === 'answer') break
      }
      const outcome = reply(running, candidates.passedOver, () => waitMs(request.shape))
      if (outcome === 'ok') stickiness?.remember(request.session, running.speaker!.provider)
      emit({ kind: 'request-ended', request: request.id, outcome, attempts: running.calls })
    } finally {
      await running.over()
    }
  }

  /** One provider's turn: as many tries as it is worth. */
  async function ask(first: Candidate, candidates: Candidates, running: Running): Promise<'answer' | 'switch'> {
    const { standing } = first
    let next: Try = first
    for (let tries = 1; ; tries++) {
      const attempted = await tryOnce(next, candidates, running)
      running.attempts.push(attempted)
      const step = decide(attempted, standing, tries, clock.now())
      if (step !== 'retry') return step
      const afterMs = backOff(
        tries,
        config.backOff,
        chance.of('back-off', running.request.id, standing.provider.id, String(tries)),
      )
      await running.pause(afterMs, clock)
      const permit = running.stopped ? undefined : standing.enter(clock.now())
      if (permit === undefined) {
        standing.budget.giveBack()
        return 'switch'
      }
      next = { standing, permit, afterMs }
    }
  }

  async function tryOnce(one: Try, candidates: Candidates, running: Running): Promise<Attempted> {
    const { standing, permit, afterMs } = one
    const { provider, budget } = standing
    const isFirst = afterMs === undefined
    const slot = await admission.admit(provider, running.request)
    if (slot.admitted && !running.stopped) {
      if (isFirst) {
        candidates.called()
        budget.earn()
      } else emit({ kind: 'retry', request: running.request.id, provider: provider.id, afterMs })
      return provider.hedge
        ? race({ first: one, candidates, running, ports, admission }, slot)
        : attempt(one, slot, running, ports)
    }
    standing.breaker.left(permit)
    if (!isFirst) budget.giveBack()
    if (slot.admitted) slot.release('unused')
    return running.stopped ? unheard(running.stopped, running) : { outcome: 'refused' }
  }

  /** Until some provider may be asked again. */
  const waitMs = (shape: Shape) => Math.min(...speaking(shape).map(standing => standing.waitMs(clock.now())))

  const fence = (token: string) => inFlight.fence(token)

  return {
    handle,
    outbox,
    run: signal => beat(config, ports, { leases, reach, endSession, fence }, signal),
    async drain(deadlineMs) {
      draining = true
      const cancel = clock.after(deadlineMs, () => inFlight.stopAll())
      await inFlight.empty()
      cancel()
      await outbox.empty()
      emit({ kind: 'drained' })
    },
    state: () => stateOf(draining, inFlight, standings, leases, reach, outbox),
    ...createOperator(providers, ports.tracker, endSession),
    setLimit(id, limit) {
      const provider = providers.get(id)
      if (!provider) throw new Error(`no provider ${id}`)
      provider.limit = limit
    },
  }
}
