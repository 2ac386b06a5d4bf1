/** A Load plans who asks what, and when. Open loop: the times hold whatever happens; but see `saturate`. */
import type { Millis } from '../../proxy/ports.ts'
import type { Shape } from '../../proxy/provider.ts'

export interface Ask {
  at: Millis
  session: string
  shape: Shape
  stream: boolean
  leaves?: Leaving
  /** A closed loop: once it has its answer, it asks again as another session, until then. */
  again?: { until: Millis }
}

/** The client leaves so long after it has sent, or after the first byte has come, unless the answer has ended by then. */
export interface Leaving {
  after: 'send' | 'first-byte'
  ms: Millis
}

export interface Load {
  name: string
  /** Sorted by time, and drawn as they are taken. The same seed gives the same asks. */
  asks(seed: number): Iterable<Ask>
}
