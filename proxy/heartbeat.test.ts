import { expect, test } from 'vitest'
import { VirtualClock } from '../sim/clock.ts'
import { chanceFor } from '../sim/random.ts'
import type { ProxyEvent } from './events.ts'
import { beat } from './heartbeat.ts'
import { Leases } from './leases.ts'
import { type Provider, usualProvider } from './provider.ts'
import { Reach } from './reach.ts'
import type { Hold, Renewal } from './tracker/tracker.ts'

const alpha: Provider = { ...usualProvider, id: 'alpha', baseUrl: '', limit: 0, heartbeatMs: 100 }
const hold = (session: string, token: string): Hold => ({ provider: alpha, member: `s:${session}`, token })

/** Beats for a second, with a tracker that answers renewals so, and takes so long. */
async function beating(
  renews: (at: number) => Renewal,
  holds: readonly Hold[] = [],
  tookMs = (_at: number) => 0,
  audits = async (_clock: VirtualClock) => {},
) {
  const clock = new VirtualClock()
  const [leases, reach] = [new Leases([alpha]), new Reach()]
  for (const one of holds) leases.take(one, 0)
  const events: ProxyEvent[] = []
  const [ended, fenced] = [[] as string[], [] as { at: number; token: string }[]]
  const asked = { renewed: [] as number[], audited: [] as number[] }
  const away: { at: number; away: boolean }[] = []
  const tracker = {
    async renew() {
      asked.renewed.push(clock.now())
      away.push({ at: clock.now(), away: reach.isAway('alpha') })
      await clock.sleep(tookMs(clock.now()))
      return renews(clock.now())
    },
    operator: {
      async audit() {
        asked.audited.push(clock.now())
        await audits(clock)
        return { scanned: 3, membersRemoved: asked.audited.length === 1 ? ['x', 'y'] : [], countsMended: [] }
      },
    },
  } as never
  const ports = { clock, chance: chanceFor(1, 'beat'), tracker, emit: (event: ProxyEvent) => void events.push(event) }
  const parts = {
    leases,
    reach,
    endSession: (member: string) => void ended.push(member),
    fence: (token: string) => void fenced.push({ at: clock.now(), token }),
  }
  const stop = new AbortController()
  const over = beat({ providers: [alpha] } as never, ports as never, parts, stop.signal)
  await clock.run(1_000)
  stop.abort()
  await Promise.all([clock.run(2_000), over])
  return { asked, away, events, ended, fenced, leases }
}

const well: Renewal = { reinserted: [] }

test('beats at once and then 0.8 to 1.0 heartbeats apart; the counts are audited at boot and once a lease', async () => {
  const { asked, events } = await beating(() => well)
  expect(asked.renewed[0]).toBe(0)
  const gaps = asked.renewed.slice(1).map((at, n) => at - asked.renewed[n]!)
  expect(gaps.length).toBeGreaterThan(9)
  for (const gap of gaps) expect([gap >= 80, gap <= 100]).toEqual([true, true])
  expect(asked.audited).toEqual(asked.renewed.filter((_, n) => n % 4 === 0))
  expect(events).toEqual([{ kind: 'audited', provider: 'alpha', removed: 2, mended: 0 }])
})

test('an audit that takes longer than a lease keeps no beat waiting, and ends before the next begins', async () => {
  const { asked, fenced } = await beating(
    () => well,
    [hold('a', 't1')],
    () => 0,
    clock => clock.sleep(500),
  )
  for (const [n, at] of asked.renewed.slice(1).entries()) expect(at - asked.renewed[n]!).toBeLessThanOrEqual(100)
  expect(fenced).toEqual([])
  const [first, second] = asked.audited
  expect([first, asked.audited.length]).toEqual([0, 2])
  expect(second).toBe(asked.renewed.find(at => at >= 500))
})

test('an audit that fails is told, and comes again with the next beat', async () => {
  const { asked, events } = await beating(
    () => well,
    [],
    () => 0,
    async clock => {
      if (clock.now() === 0) throw new Error('busy')
    },
  )
  expect(asked.audited.slice(0, 2)).toEqual(asked.renewed.slice(0, 2))
  expect(asked.audited[2]).toBe(asked.renewed[5])
  expect(events).toEqual([{ kind: 'store-trouble', doing: 'audit', provider: 'alpha', because: 'Error: busy' }])
})

test('a beat that fails is repeated within an eighth of a heartbeat, and while none is answered the store is away', async () => {
  const { asked, away } = await beating(at => {
    if (at > 300 && at < 600) throw new Error('down')
    return well
  })
  const failing = asked.renewed.filter(at => at > 300 && at < 600)
  for (const [n, at] of failing.slice(1).entries()) expect(at - failing[n]!).toBeLessThanOrEqual(12.5)
  expect(away.filter(({ at }) => at <= failing[2]! || at > 620).map(one => one.away)).not.toContain(true)
  expect(away.filter(({ at }) => at > failing[2]! && at < 600).map(one => one.away)).not.toContain(false)
})

test('a beat that took long is followed soon: whoever came meanwhile is not in it', async () => {
  const { asked } = await beating(
    () => well,
    [],
    at => (at === 0 ? 70 : 300),
  )
  const [, second, third] = asked.renewed
  expect([second! >= 80, second! <= 100]).toEqual([true, true])
  expect(third).toBe(second! + 300)
})

test('a session that an operator has ended is ended here', async () => {
  const holds = [hold('a', 't1'), hold('b', 't2')]
  const { ended } = await beating(at => (at === 0 ? { reinserted: [], terminated: ['t2'] } : well), holds)
  expect(ended).toEqual(['s:b'])
})

test('what is not renewed in time is told once, and fenced; the next renewal mends it', async () => {
  const { events, fenced, leases } = await beating(
    at => {
      if (at > 50 && at < 700) throw new Error('down')
      return well
    },
    [hold('a', 't1')],
  )
  expect(events.filter(({ kind }) => kind === 'unleased')).toEqual([
    { kind: 'unleased', provider: 'alpha', token: 't1' },
  ])
  expect(fenced).toHaveLength(1)
  // Renewed at 0 for a lease of 400 ms; a heartbeat before its end nobody can vouch for it, which the next beat sees.
  expect(fenced[0]!.at).toBeGreaterThan(300)
  expect(fenced[0]!.at).toBeLessThanOrEqual(312.5)
  expect(leases.unleasedAt(alpha)).toBe(0)
})
