import { describe, expect, test } from 'vitest'
import { acts, scripted } from '../sim/scripted/index.ts'
import { memberOf } from './tracker/keys.ts'

const marks = () => {
  const marked: [string, string, number][] = []
  const operator = {
    count: async ({ id }: { id: string }) => ({ a: 3, b: 1 })[id] ?? 0,
    terminate: async ({ id }: { id: string }, member: string, lasts: number) => {
      marked.push([id, member, lasts])
      return id === 'a' ? 2 : 0
    },
    audit: async () => ({ scanned: 7, membersRemoved: ['s:x'], countsMended: [] }),
  }
  return { marked, operator }
}

describe('a session that an operator ends', () => {
  test('has its attempts aborted now; slots go back when the upstreams are closed; nothing of it starts again', async () => {
    const { marked, operator } = marks()
    const world = scripted({
      operator,
      closesMs: 5,
      manners: { backOff: { baseMs: 100_000, capMs: 100_000 } },
      providers: {
        a: { does: [acts.error(500), acts.silent(), acts.ok()], attempts: 2, limit: 0 },
        b: { does: [acts.ok()], heartbeatMs: 3_000 },
      },
    })
    const backingOff = world.ask({ session: 'mine' })
    await world.run(12)
    const waiting = world.ask({ session: 'mine' })
    await world.run(15)
    const begun = world.ask({ session: 'mine' })
    const other = world.ask({ session: 'other' })
    await world.run(38)
    const sent = world.notes.filter(({ did }) => did === 'send').length
    const terminated = world.proxy.terminate('mine')
    await world.run()

    expect(await terminated).toEqual({ attempts: 2 })
    expect(marked).toEqual([
      ['a', memberOf('mine'), 12_000],
      ['b', memberOf('mine'), 12_000],
    ])
    for (const heard of [backingOff, waiting]) {
      expect(heard).toMatchObject({ status: 403, end: 'end' })
      expect(heard.text).toContain('an operator has ended this session')
    }
    expect(begun).toMatchObject({ status: 200, end: 'cut' })
    expect(begun.text).toMatch(/^data: \{"n":0\}\n\ndata: \{"error":.*\}\n\n$/)
    expect(other.end).toBe('end')
    expect(world.notes.filter(({ did }) => did === 'send')).toHaveLength(sent)
    expect(world.of('terminated')).toEqual([{ kind: 'terminated', session: 'mine' }])
    expect(world.of('attempt-ended').filter(({ outcome }) => outcome === 'terminated')).toHaveLength(2)
    expect(world.of('request-ended').filter(({ outcome }) => outcome === 'terminated')).toHaveLength(3)
    const ended = world.notes.filter(({ did, ending }) => did === 'release' && ending === 'abort')
    expect(ended.map(({ at }) => at)).toEqual([43, 43])
    expect(world.proxy.state().providers[0]).toMatchObject({ held: 0, inFlight: 0, breaker: 'closed' })
  })

  test('on another instance is ended here with the next renewal', async () => {
    const world = scripted({
      providers: { a: { does: [acts.ok(), acts.silent()], limit: 0, firstByteMs: 5_000, totalMs: 5_000 } },
      renews: (_provider, holds) => ({
        reinserted: [],
        terminated: holds.filter(({ member }) => member === memberOf('mine')).map(({ token }) => token),
      }),
    })
    const stop = new AbortController()
    const other = world.ask({ session: 'other' })
    await world.run(5)
    const mine = world.ask({ session: 'mine' })
    await world.run(20)
    void world.proxy.run(stop.signal)
    await world.run(500)
    stop.abort()
    await world.run()
    expect(mine).toMatchObject({ status: 403, end: 'end', endedAt: 20 })
    expect(other).toMatchObject({ status: 200, end: 'end' })
    expect(world.of('attempt-ended')).toMatchObject([
      { outcome: 'terminated', failure: 'terminated' },
      { outcome: 'ok' },
    ])
    expect(world.proxy.state().providers).toMatchObject([{ held: 0, inFlight: 0, breaker: 'closed' }])
  })

  test('hears no more of a provider that does not stop', async () => {
    const world = scripted({
      operator: marks().operator,
      providers: { a: { does: [{ ...acts.ok(), deaf: true }] } },
    })
    const heard = world.ask({ session: 'mine' })
    await world.run(25)
    void world.proxy.terminate('mine')
    await world.run()
    expect(heard.text).toMatch(/^data: \{"n":0\}\n\ndata: \{"error":.*\}\n\n$/)
    expect(world.of('request-ended')).toMatchObject([{ outcome: 'terminated' }])
  })

  test('while one of its slots is asked for: the slot goes back unused', async () => {
    const world = scripted({ operator: marks().operator, providers: { a: { does: [acts.ok()] } } })
    const heard = world.ask({ session: 'mine' })
    void world.proxy.terminate('mine')
    await world.run()
    expect(world.did()).toEqual(['acquire a', 'release a'])
    expect(heard.status).toBe(403)
  })
})

describe('what only the reference tracker knows', () => {
  test('is passed on', async () => {
    const world = scripted({ operator: marks().operator, providers: { a: { does: [] }, b: { does: [] } } })
    expect(await world.proxy.counts()).toEqual({ a: 3, b: 1 })
    expect(await world.proxy.audit('a')).toMatchObject({ scanned: 7 })
    await expect(world.proxy.audit('nobody')).rejects.toThrow('no provider nobody')
  })
  test('is refused by another, and then nothing is done here either', async () => {
    const world = scripted({ providers: { a: { does: [acts.ok()] } } })
    const heard = world.ask({ session: 'mine' })
    await expect(world.proxy.terminate('mine')).rejects.toThrow('only the reference has')
    await expect(world.proxy.counts()).rejects.toThrow('only the reference has')
    await expect(world.proxy.audit('a')).rejects.toThrow('only the reference has')
    await world.run()
    expect(heard.end).toBe('end')
  })
})

describe('draining', () => {
  test('admits nobody more, lets what runs end, and resolves when every slot is acknowledged', async () => {
    const world = scripted({ providers: { a: { does: [acts.ok()] } }, deafReleases: 2 })
    const running = world.ask()
    await world.run(5)
    let drainedAt: number | undefined
    void world.proxy.drain(10_000).then(() => {
      drainedAt = world.clock.now()
    })
    const late = world.ask()
    expect(late).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(world.proxy.state().draining).toBe(true)
    await world.run()
    expect([running.end, late.end]).toEqual(['end', 'end'])
    expect(drainedAt).toBe(world.of('released').length && world.clock.now())
    expect(world.of('drained')).toHaveLength(1)
    expect(world.events.at(-1)).toEqual({ kind: 'drained' })
    expect(world.proxy.state().outbox.count).toBe(0)
    expect(world.did().filter(what => what === 'send a')).toHaveLength(1)
  })

  test('ends at its deadline what still runs: an error where nothing was said, a broken stream where something was', async () => {
    const world = scripted({
      providers: { a: { does: [acts.silent(), acts.says(['data: {"n":0}\n\n'], 'silent')], limit: 0 } },
    })
    const [silent, begun] = [world.ask(), world.ask()]
    await world.run(30)
    void world.proxy.drain(20)
    await world.run()
    expect(silent).toMatchObject({ status: 503, end: 'end', endedAt: 50 })
    expect(begun).toMatchObject({ status: 200, end: 'cut', endedAt: 50 })
    expect(world.of('attempt-ended')).toMatchObject([
      { outcome: 'failed', failure: 'closing' },
      { outcome: 'incomplete', failure: 'closing' },
    ])
    expect(world.of('request-ended').map(({ outcome }) => outcome)).toEqual(['failed', 'incomplete'])
    for (const { ending } of world.notes.filter(({ did }) => did === 'release')) expect(ending).toBe('abort')
    expect(world.of('drained')).toHaveLength(1)
  })

  test('with nothing to wait for is over at once', async () => {
    const world = scripted({ providers: { a: { does: [] } } })
    await world.proxy.drain(1_000)
    expect(world.clock.now()).toBe(0)
  })
})
