/** What the trackers that keep recently active sessions have in common. */
import type { Admission, Script, Store } from './tracker.ts'

export const recentScripts: Record<'acquire' | 'remove', Script> = {
  acquire: { name: 'recent-acquire', files: ['recent/acquire.lua'], keys: 1 },
  remove: { name: 'recent-remove', files: ['recent/remove.lua'], keys: 1 },
}

/** Runs an acquire that answers {'ok' | 'full', count}. */
export async function acquireRecent(
  store: Store,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<Admission> {
  const [kind, count] = (await store.run(script, keys, args)) as [string, number]
  return kind === 'full' ? { kind, count, retryAfterMs: 0 } : { kind: 'admitted', count }
}

/** These trackers have no leases to renew. */
export const renewNothing = async (): Promise<{ reinserted: readonly string[] }> => ({ reinserted: [] })
