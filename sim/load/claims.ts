/** One line a load for `stormproof list`; the compiler sees to it that none is missing. */
import type * as loads from './index.ts'

export const loadClaims: Readonly<Record<keyof typeof loads, string>> = {
  bursts: 'a session sends several requests at one instant, as an agent with parallel tool calls does',
  conversations: 'sessions that ask again and again, each in its own rhythm',
  poisson: 'independent arrivals at a mean rate',
  rushes: 'many new sessions at one instant, again and again',
}
