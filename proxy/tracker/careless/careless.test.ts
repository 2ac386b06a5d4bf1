/** Each carelessness as the store sees it; what comes of it the storms show. */
import { expect, test } from 'vitest'
import { type Provider, usualProvider } from '../../provider.ts'
import * as trackers from '../index.ts'
import { memberOf } from '../keys.ts'
import type { Hold, TrackerVariant } from '../tracker.ts'

const providerOf = (id: string): Provider => ({ ...usualProvider, id, baseUrl: '', limit: 9 })
const hold = (token: string, provider = 'alpha', session = 's1'): Hold => ({
  provider: providerOf(provider),
  member: memberOf(session),
  token,
})

function stage(variant: TrackerVariant, broken = false) {
  const calls: string[] = []
  const tracker = variant.create(
    {
      async run({ name }, [key], args) {
        const provider = /provider:(\w+)/.exec(key!)![1]
        const tokens = args.flatMap(arg => /^t\d+/.exec(String(arg)) ?? [])
        calls.push([name.replace(/^.*-/, ''), provider, ...tokens].join(' '))
        if (broken) throw new Error('no acknowledgement')
        return name.endsWith('renew') ? [[], []] : ['ok', 1]
      },
    },
    0,
    () => 0,
  )
  return { tracker, calls }
}

test.each([
  [trackers.forgetsAbort, 'abort'],
  [trackers.lateAdmission, 'unused'],
] as const)('$name forgets the one ending', async (variant, forgotten) => {
  const { tracker, calls } = stage(variant)
  const endings = ['success', 'failure', 'abort', 'unused'] as const
  for (const [n, ending] of endings.entries()) await tracker.release(hold(`t${n}`), ending)
  expect(calls).toEqual(endings.flatMap((ending, n) => (ending === forgotten ? [] : [`release alpha t${n}`])))
})

test('batches-releases: what ended waits for the next beat of its provider', async () => {
  const { tracker, calls } = stage(trackers.batchesReleases)
  await tracker.release(hold('t1'), 'success')
  await tracker.release(hold('t2', 'beta'), 'failure')
  expect(calls).toEqual([])
  await tracker.renew(providerOf('alpha'), [hold('t3')])
  await tracker.renew(providerOf('alpha'), [])
  expect(calls).toEqual(['release alpha t1', 'renew alpha t3', 'renew alpha'])
})

test('never-admits-on-failover: who was sent on after a failure is never told to the store', async () => {
  const { tracker, calls } = stage(trackers.neverAdmitsOnFailover)
  await tracker.acquire(hold('t1'))
  await tracker.release(hold('t1'), 'failure')
  expect(await tracker.acquire(hold('t2', 'beta'))).toEqual({ kind: 'admitted', count: 0 })
  await tracker.renew(providerOf('beta'), [hold('t2', 'beta'), hold('t3', 'beta', 's2')])
  await tracker.release(hold('t2', 'beta'), 'success')
  await tracker.acquire(hold('t4'))
  expect(calls).toEqual(['acquire alpha t1', 'release alpha t1', 'renew beta t3', 'acquire alpha t4'])
})

test('releases-once: a release that fails is not repeated by anybody', async () => {
  const { tracker, calls } = stage(trackers.releasesOnce, true)
  await tracker.release(hold('t1'), 'failure')
  expect(calls).toEqual(['release alpha t1'])
})

test('releases-twice: each release leaves twice', async () => {
  const { tracker, calls } = stage(trackers.releasesTwice)
  await tracker.release(hold('t1'), 'success')
  expect(calls).toEqual(['release alpha', 'release alpha'])
})

test('releases-wrong-provider: after a failover the first one gets the release', async () => {
  const { tracker, calls } = stage(trackers.releasesWrongProvider)
  await tracker.acquire(hold('t1'))
  await tracker.release(hold('t1'), 'failure')
  await tracker.acquire(hold('t2', 'beta'))
  await tracker.release(hold('t2', 'beta'), 'success')
  await tracker.acquire(hold('t3', 'beta'))
  await tracker.release(hold('t3', 'beta'), 'success')
  expect(calls).toEqual([
    ...['acquire alpha t1', 'release alpha t1', 'acquire beta t2', 'release alpha t2'],
    ...['acquire beta t3', 'release beta t3'],
  ])
})

test('renews-after-release: the holds of the beat before are renewed once more', async () => {
  const { tracker, calls } = stage(trackers.renewsAfterRelease)
  await tracker.renew(providerOf('alpha'), [hold('t1'), hold('t2')])
  await tracker.renew(providerOf('alpha'), [hold('t2')])
  await tracker.renew(providerOf('alpha'), [hold('t2')])
  expect(calls).toEqual(['renew alpha t1 t2', 'renew alpha t2 t1', 'renew alpha t2'])
})
