import slotOf from 'cluster-key-slot'
import { describe, expect, test } from 'vitest'
import { usualProvider } from '../provider.ts'
import * as trackers from './index.ts'
import { attemptsKey, memberOf, refsKey, sessionOf, sessionsKey } from './keys.ts'
import type { Hold, Store, TrackerVariant } from './tracker.ts'
import { untaggedKeys } from './untagged.ts'

const provider = {
  ...usualProvider,
  id: 'alpha',
  baseUrl: '',
  limit: 3,
  heartbeatMs: 500,
} as const

/** Every set of keys that a tracker hands to one script. */
async function keySetsOf(variant: TrackerVariant): Promise<(readonly string[])[]> {
  const sets: (readonly string[])[] = []
  const store: Store = {
    async run(script, keys) {
      expect(keys).toHaveLength(script.keys)
      sets.push(keys)
      return /renew/.test(script.name) ? [[], []] : /audit/.test(script.name) ? [0, [], []] : ['ok', 1]
    },
  }
  const tracker = variant.create(store, 1_000, () => 0)
  const hold: Hold = { provider, member: memberOf('s1'), token: 't1' }
  await tracker.acquire(hold)
  for (const ending of ['success', 'failure', 'abort', 'unused'] as const) await tracker.release(hold, ending)
  await tracker.renew(provider, [hold])
  await tracker.operator?.count(provider)
  await tracker.operator?.terminate(provider, hold.member, 8_000)
  await tracker.operator?.audit(provider)
  return sets
}

describe.each(Object.values(trackers))('$name', variant => {
  const spans = variant === trackers.untagged
  test(spans ? 'spreads its keys over slots' : 'keeps all keys of each script in one slot', async () => {
    const sets = await keySetsOf(variant)
    expect(sets.length).toBeGreaterThan(0)
    for (const keys of sets) expect(new Set(keys.map(key => slotOf(key))).size).toBe(spans ? keys.length : 1)
  })
})

test('the slots of the documented example', () => {
  expect(untaggedKeys('1').map(key => slotOf(key))).toEqual([3314, 709])
})

test('the tag is shared by a provider’s keys and by nothing else', () => {
  const keys = [sessionsKey('1'), attemptsKey('1'), refsKey('1')]
  expect(new Set(keys.map(key => slotOf(key)))).toEqual(new Set([slotOf('provider:1')]))
})

test.each(['', '#', 's:#', 'a b', 'ünï\ncode'])(
  'session %j cannot forge the anchor and comes back as it was',
  session => {
    expect(memberOf(session)).not.toBe('#')
    expect(sessionOf(memberOf(session))).toBe(session)
    expect(sessionOf('#')).toBeUndefined()
  },
)
