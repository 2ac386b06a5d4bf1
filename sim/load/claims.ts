/** One line a load for `stormproof list`; the compiler sees to it that none is missing. */
import type * as loads from './index.ts'

export const loadClaims: Readonly<Record<keyof typeof loads, string>> = {
  bursts: 'a session sends several requests at one instant, as an agent with parallel tool calls does',
  constant: 'new sessions at an even distance, as a benchmark sends them',
  conversations: 'sessions that ask again and again, each in its own rhythm',
  poisson: 'independent arrivals at a mean rate',
  ramp: 'independent arrivals at a rate that rises or falls',
  rushes: 'many new sessions at one instant, again and again',
  saturate: 'a closed loop: whoever has an answer asks again at once',
}
