/** What an event says by itself, whatever came before. */
import type { Event } from '../history.ts'

/** Undefined where it is not worth a line. */
export function sentenceOf(event: Event): string | undefined {
  switch (event.kind) {
    case 'client-ended':
      if (event.outcome !== 'broken' && event.outcome !== 'aborted') return undefined
      return `${event.request} is ${event.outcome}${event.because ? `: ${event.because}` : ''}`
    case 'uncounted-admission':
      return `${event.request} enters ${event.provider} uncounted: ${event.because}`
    case 'refused-without-store':
      return `${event.request} is not admitted at ${event.provider}, for the store is away: ${event.because}`
    case 'store-trouble':
      return `trouble with the store, ${event.doing} at ${event.provider}: ${event.because}`
    case 'reinserted':
      return `${event.from} puts back ${event.tokens.length} of its attempts at ${event.provider} that the store did not know`
    case 'outbox-dropped':
      return `${event.from} gives up a release at ${event.provider}: ${event.because}`
    case 'terminated':
      return `${event.from} ends session ${event.session}, as its operator says`
    case 'drained':
      return `${event.from} has drained`
    case 'breaker':
      return `${event.from} has its breaker of ${event.provider} ${event.state}`
  }
  return undefined
}
