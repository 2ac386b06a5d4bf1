import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lease, ttlOnly } from '../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../proxy/tracker/tracker.ts'
import { providerOutage } from '../../scenarios/index.ts'
import type { Outcome } from '../../sim/search/play-seed.ts'
import { plannedFor } from '../../sim/search/swarm/index.ts'
import { readPlanFile } from '../plan-file.ts'
import type { Progress } from '../progress.ts'
import { found } from './found.ts'

let out: string
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'stormproof-found-'))
})
afterAll(() => rm(out, { recursive: true, force: true }))

const quiet: Progress = { step: () => {}, update: () => {}, done: () => {}, note: () => {}, stop: () => {} }
const storm = (tracker: TrackerVariant) => ({
  scenario: providerOutage,
  tracker,
  plan: plannedFor(providerOutage, 3, true),
})
const failing = (of: Partial<Outcome>): Outcome => ({
  seed: 3,
  requests: 1,
  simulatedMs: 1,
  failed: [],
  unknown: [],
  ...of,
})

test('a world that breaks down is shrunk too, and left as a plan and what happened until then', async () => {
  const broken: TrackerVariant = {
    ...lease,
    name: 'broken',
    membersKey: provider => {
      if (provider === 'alpha') throw new RangeError('no key 17 for alpha')
      return lease.membersKey(provider)
    },
  }
  const text = await found(
    storm(broken),
    failing({ broke: 'RangeError: no key 4 for alpha' }),
    out,
    quiet,
    new AbortController().signal,
  )
  expect(text).toContain(
    '✗ the world itself broke down, which is a failure of Stormproof: RangeError: no key 17 for alpha',
  )
  const folder = join(out, 'provider-outage.search.broken.3')
  expect(await readdir(folder)).toEqual(['history.ndjson', 'plan.json'])
  const { plan } = readPlanFile(folder)
  expect(plan.topology.providers.map(({ id }) => id)).toEqual(['alpha'])
  expect(plan.steps).toEqual([])
})

test('interrupted while it shrinks, it rejects with the reason', async () => {
  const interrupted = new AbortController()
  const progress = { ...quiet, update: () => interrupted.abort(new Error('interrupted')) }
  const outcome = failing({ failed: ['every-slot-returned'] })
  await expect(found(storm(ttlOnly), outcome, out, progress, interrupted.signal)).rejects.toThrow('interrupted')
})
