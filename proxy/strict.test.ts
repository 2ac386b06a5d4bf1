/** What becomes of attempts whose lease can no longer be vouched for. */
import { expect, test } from 'vitest'
import { acts, scripted } from '../sim/scripted/index.ts'

const breaker = { failures: 1, windowMs: 10_000, openMs: 10_000, probes: 1 }
const slow = { heartbeatMs: 100, firstByteMs: 5_000, idleMs: 5_000, totalMs: 10_000, breaker }

/** The store answers for b alone: of the slots at a nobody knows whether they still stand. */
async function play(strict: boolean, does = acts.ok(1_000)) {
  const world = scripted({
    manners: { strict },
    providers: { a: { ...slow, does: [does] }, b: { ...slow, does: [acts.ok()] } },
    renews(provider) {
      if (provider === 'a') throw new Error('no acknowledgement')
      return { reinserted: [] }
    },
  })
  const stop = new AbortController()
  void world.proxy.run(stop.signal)
  const heard = world.ask()
  await world.run(350)
  const { unleased } = world.proxy.state().providers[0]!
  await world.run(2_000)
  stop.abort()
  await world.run()
  const [fenced] = world.of('unleased')
  return { ...world, heard, unleased, fenced }
}

test('they run on, and are told', async () => {
  const { heard, unleased, fenced, of, did } = await play(false)
  expect(unleased).toBe(1)
  expect(fenced).toMatchObject({ provider: 'a' })
  expect(heard).toMatchObject({ status: 200, end: 'end' })
  expect(of('attempt-ended')).toMatchObject([{ provider: 'a', outcome: 'ok' }])
  expect(did()).toEqual(['acquire a', 'send a', 'release a'])
})

test('strict: they are ended a heartbeat before the lease can be over, and another provider answers', async () => {
  const { heard, unleased, of, did, notes, proxy } = await play(true)
  expect(unleased).toBe(0)
  expect(heard).toMatchObject({ status: 200, end: 'end' })
  expect(of('attempt-ended')).toMatchObject([
    { provider: 'a', outcome: 'failed', failure: 'unleased' },
    { provider: 'b', outcome: 'ok' },
  ])
  expect(did().toSorted()).toEqual(['acquire a', 'acquire b', 'release a', 'release b', 'send a', 'send b'])
  expect(notes.find(({ did }) => did === 'release')).toMatchObject({ provider: 'a', ending: 'abort' })
  const { at } = notes.find(({ did }) => did === 'closed')!
  // Acquired at 0 for a lease of 400 ms; beats that fail come within an eighth of a heartbeat.
  expect(at).toBeGreaterThan(300)
  expect(at).toBeLessThanOrEqual(313)
  expect(proxy.state().providers).toMatchObject([
    { held: 0, inFlight: 0, breaker: 'closed' },
    { held: 0, inFlight: 0 },
  ])
})

test('strict: one that has begun to speak is broken off, and nobody else speaks', async () => {
  const { heard, of } = await play(true, acts.says(['data: {"n":0}\n\n'], 'silent'))
  expect(heard).toMatchObject({ status: 200, end: 'cut' })
  expect(heard.text).toMatch(/^data: \{"n":0\}\n\ndata: \{"error":.*\}\n\n$/)
  expect(of('attempt-ended')).toMatchObject([{ outcome: 'incomplete', failure: 'unleased' }])
})
