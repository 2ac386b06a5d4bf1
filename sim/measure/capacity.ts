/**
 * Whether slots stood empty while clients waited for one: in a storm, how many were in use of those that were asked for. A ratio of
 * two integrals of the same time, so that it says the same on a slow machine.
 */
import type { Millis } from '../../proxy/ports.ts'
import { mostInFlight } from '../../proxy/provider.ts'
import type { Ledger } from './ledger.ts'
import type { Meter } from './meter.ts'

export function capacity(): Meter {
  /** Requests of clients, and attempts at providers. */
  const open = new Set<string>()
  let inFlight = 0
  let storm = false
  let since: Millis = 0
  let askedMs = 0
  let usedMs = 0
  let stormMs = 0
  let ended = 0

  /** What was open and in flight stayed so until now. */
  function pass(now: Millis, { topology }: Ledger) {
    const lasted = now - since
    since = now
    if (!storm) return
    const limits = topology.providers.reduce((sum, one) => sum + mostInFlight(one), 0)
    const asked = Math.min(open.size, limits)
    stormMs += lasted
    askedMs += asked * lasted
    usedMs += Math.min(asked, inFlight) * lasted
  }

  return {
    on: {
      'client-sent'({ at, request }, ledger) {
        pass(at, ledger)
        open.add(request)
      },
      'client-ended'({ at, request }, ledger) {
        pass(at, ledger)
        if (open.delete(request) && storm) ended++
      },
      phase({ at, phase }, ledger) {
        pass(at, ledger)
        storm = phase === 'storm'
      },
    },
    when: {
      began(_, ledger) {
        pass(ledger.now, ledger)
        inFlight++
      },
      ended(_, ledger) {
        pass(ledger.now, ledger)
        inFlight--
      },
    },
    done() {
      if (askedMs === 0) return { figures: {} }
      return { figures: { 'capacity.used': usedMs / askedMs, 'capacity.answersPerSecond': (1000 * ended) / stormMs } }
    },
  }
}
