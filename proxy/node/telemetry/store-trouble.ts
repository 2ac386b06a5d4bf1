/** What Redis or the way to it said, as one of a few kinds: error texts name nodes and slots, and would be a label each. */
export type StoreTrouble =
  | 'timeout'
  | 'connection'
  | 'redirections'
  | 'out-of-memory'
  | 'cross-slot'
  | 'cluster-down'
  | 'other'

export function kindOfTrouble(because: string): StoreTrouble {
  return kinds.find(([, says]) => says.test(because))?.[0] ?? 'other'
}

/** The first that fits: a redirection error quotes the last reply. */
const kinds: readonly (readonly [StoreTrouble, RegExp])[] = [
  ['redirections', /Too many Cluster redirections|\b(MOVED|ASK|TRYAGAIN)\b/],
  ['cross-slot', /CROSSSLOT/],
  ['out-of-memory', /\bOOM\b/],
  ['cluster-down', /CLUSTERDOWN|Failed to refresh slots|None of startup nodes|Cluster isn't ready/],
  ['timeout', /timed? ?out/i],
  ['connection', /connection|ECONN|EPIPE|EHOSTUNREACH|ENOTFOUND|socket|stream isn't writeable/i],
]
