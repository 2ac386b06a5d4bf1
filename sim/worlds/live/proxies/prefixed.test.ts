import { expect, test } from 'vitest'
import { type Provider, usualProvider } from '../../../../proxy/provider.ts'
import * as trackers from '../../../../proxy/tracker/index.ts'
import type { Store, TrackerVariant } from '../../../../proxy/tracker/tracker.ts'
import { prefixed } from './prefixed.ts'

const provider: Provider = { ...usualProvider, id: 'alpha', baseUrl: '', limit: 1, priority: 1 }
const hold = { provider, member: 's:x', token: 't' }

test.each(Object.values<TrackerVariant>(trackers))('every key that $name touches bears the prefix', async variant => {
  const touched = new Set<string>()
  const store: Store = {
    async run(_script, keys) {
      for (const key of keys) touched.add(key)
      return [1, 1, 1, 1]
    },
  }
  const apart = prefixed(variant, 'sp-1-')
  const tracker = apart.create(store, 8_000, () => 0)
  await tracker.acquire(hold).catch(() => {})
  await tracker.release(hold, 'success').catch(() => {})
  await tracker.renew(provider, [hold]).catch(() => {})
  expect(touched.size).toBeGreaterThan(0)
  for (const key of [...touched, apart.membersKey('alpha')]) expect(key).toContain('provider:sp-1-alpha')
})

test('without a prefix it is the tracker itself', () => {
  expect(prefixed(trackers.lease, '')).toBe(trackers.lease)
})
