/** Who may start an attempt. The only way to a slot, and so the only place that must give it back exactly once. */
import type { ProxyConfig } from './config.ts'
import type { Leases } from './leases.ts'
import type { Outbox } from './outbox.ts'
import type { Millis, Ports } from './ports.ts'
import { leaseMs, mostInFlight, type Provider } from './provider.ts'
import type { Reach } from './reach.ts'
import type { ProxyRequest } from './request.ts'
import { memberOf } from './tracker/keys.ts'
import type { Admission as Answer, Ending, Hold } from './tracker/tracker.ts'

export interface Slot {
  admitted: true
  token: string
  /** To be called when the upstream is closed. Only the first call counts. */
  release(ending: Ending): void
}

export interface Refusal {
  admitted: false
  retryAfterMs: Millis
}

export interface Admission {
  /** Resolves with an answer even while the store is away: then the declared policy decides. */
  admit(provider: Provider, request: ProxyRequest): Promise<Slot | Refusal>
}

export interface AdmissionParts {
  outbox: Outbox
  leases: Leases
  reach: Reach
  /** An operator has ended the session of this member: nothing more of it may run here. */
  endSession(member: string): void
}

export function createAdmission(config: ProxyConfig, ports: Ports, parts: AdmissionParts): Admission {
  const { clock, chance, tracker, emit } = ports
  const { outbox, leases, reach, endSession } = parts
  const boot = Math.floor(chance.of('boot').next() * 2 ** 32).toString(36)
  let sequence = 0
  const newHold = (provider: Provider, session: string): Hold => ({
    provider,
    member: memberOf(session),
    // One string: what `+` and templates make are pieces, and whoever writes or looks up a token would put them together again.
    token: [config.instance, boot, (sequence++).toString(36)].join('.'),
  })

  function slotFor(hold: Hold, sentAt: Millis): Slot {
    leases.take(hold, sentAt)
    return {
      admitted: true,
      token: hold.token,
      release(ending) {
        // This process was stopped since the last beat: what was served without a lease is told all the same.
        if (leases.lapses(hold, clock.now())) emit({ kind: 'unleased', provider: hold.provider.id, token: hold.token })
        if (leases.give(hold)) outbox.release(hold, ending)
      },
    }
  }

  /** The hold gets a token of its own: the renewals insert it as soon as the store is back. */
  function admitWithoutStore(provider: Provider, request: ProxyRequest, because: string): Slot | Refusal {
    const share = Math.max(1, Math.floor(mostInFlight(provider) / config.instances))
    const admits = { open: true, closed: false, local: leases.countAt(provider) < share }[config.whenStoreIsAway]
    const about = { request: request.id, session: request.session, provider: provider.id, because }
    if (!admits) {
      emit({ kind: 'refused-without-store', ...about })
      return { admitted: false, retryAfterMs: provider.heartbeatMs }
    }
    emit({ kind: 'uncounted-admission', ...about })
    return slotFor(newHold(provider, request.session), clock.now())
  }

  async function admit(provider: Provider, request: ProxyRequest): Promise<Slot | Refusal> {
    if (reach.isAway(provider.id)) return admitWithoutStore(provider, request, 'the store does not answer')
    const hold = newHold(provider, request.session)
    const about = { request: request.id, session: request.session, provider: provider.id }
    const asked = clock.now()
    let answer: Answer
    try {
      answer = await tracker.acquire(hold)
      reach.answered(provider.id)
    } catch (error) {
      reach.failed(provider.id)
      // Unknown is not "no": the acquire may have been executed, so its token is given back until that is acknowledged.
      outbox.release(hold, 'abort')
      emit({ kind: 'store-trouble', doing: 'acquire', provider: provider.id, because: String(error) })
      return admitWithoutStore(provider, request, String(error))
    }
    switch (answer.kind) {
      case 'admitted':
        if (clock.now() - asked > leaseMs(provider) - provider.heartbeatMs) {
          // This process was stopped meanwhile: the slot may have gone to somebody else.
          outbox.release(hold, 'unused')
          return admit(provider, request)
        }
        emit({ kind: 'admitted', ...about, token: hold.token, count: answer.count })
        return slotFor(hold, asked)
      case 'uncounted':
        emit({ kind: 'uncounted-admission', ...about, because: answer.because })
        return slotFor(hold, asked)
      case 'full':
        emit({ kind: 'refused', ...about, count: answer.count, waitedMs: clock.now() - asked })
        return { admitted: false, retryAfterMs: answer.retryAfterMs }
      case 'terminated':
        endSession(hold.member)
        return { admitted: false, retryAfterMs: provider.heartbeatMs }
      case 'dead':
        return { admitted: false, retryAfterMs: provider.heartbeatMs }
    }
  }

  return { admit }
}
