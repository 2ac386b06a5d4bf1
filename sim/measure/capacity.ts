/**
 * Whether slots stood empty while clients waited for one: in a storm, how many were in use of those that were asked for. A ratio of
 * two integrals of the same time, so that it says the same on a slow machine.
 */
import type { Millis } from '../../proxy/ports.ts'
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
  return {
    see(event, change, { topology }) {
      if (storm) {
        const lasted = event.at - since
        const limits = topology.providers.reduce((sum, { limit }) => sum + (limit || Number.POSITIVE_INFINITY), 0)
        const asked = Math.min(open.size, limits)
        stormMs += lasted
        askedMs += asked * lasted
        usedMs += Math.min(asked, inFlight) * lasted
      }
      since = event.at
      if (change?.kind === 'began') inFlight++
      else if (change?.kind === 'ended') inFlight--
      else if (event.kind === 'client-sent') open.add(event.request)
      else if (event.kind === 'client-ended' && open.delete(event.request) && storm) ended++
      else if (event.kind === 'phase') storm = event.phase === 'storm'
    },
    done() {
      if (askedMs === 0) return { figures: {} }
      return { figures: { 'capacity.used': usedMs / askedMs, 'capacity.answersPerSecond': (1000 * ended) / stormMs } }
    },
  }
}
