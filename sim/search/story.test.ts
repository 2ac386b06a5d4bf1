import { expect, test } from 'vitest'
import type { ProxyEvent } from '../../proxy/events.ts'
import { memberOf } from '../../proxy/tracker/keys.ts'
import type { Verdict } from '../checks/check.ts'
import { attemptOf, censusAt, inOrder, phaseAt, requestOf } from '../checks/sample.ts'
import type { FaultCall } from '../faults/fault.ts'
import type { Event, RunnerEvent } from '../history.ts'
import type { Plan, Step } from '../plan.ts'
import { provider, topology } from '../topology.ts'
import { storyOf } from './story.ts'

const plan: Plan = {
  scenario: 'success-then-failure',
  seed: 1,
  topology: topology({
    providers: [provider({ id: 'alpha', limit: 1 })],
    instances: 2,
    membership: 'recently-active',
  }),
  paces: { alpha: { firstByteMs: 25, tokens: 6, tokenMs: 8, spread: 0 } },
  steps: [
    { do: 'ask', at: 100, request: 'r1', via: 0, session: 's1', shape: 'openai', stream: false },
    { do: 'inject', at: 190, id: 'f1', call: { fault: 'provider-fails', provider: 'alpha', status: 500 } },
    { do: 'ask', at: 200, request: 'r2', via: 0, session: 's1', shape: 'openai', stream: false },
    { do: 'heal', at: 290, id: 'f1' },
  ],
}

const says = (at: number, event: ProxyEvent): Event => ({ at, from: 'proxy-1', ...event })
const about = (request: string) => ({ request, session: 's1', provider: 'alpha', token: `t-${request}` })
const admitted = (at: number, request: string) => says(at, { kind: 'admitted', ...about(request), count: 1 })
const released = (at: number, request: string) =>
  says(at, { kind: 'released', member: memberOf('s1'), provider: 'alpha', token: `t-${request}`, tries: 1 })
const faulty = (at: number, kind: 'fault-injected' | 'fault-healed'): Event => ({
  at,
  from: 'runner',
  kind,
  fault: 'provider-fails',
  id: 'f1',
})
const isRemoval = (event: Event) => event.kind === 'store-changed' && event.score === null
const broken: Verdict = {
  check: 'every-slot-returned',
  kind: 'liveness',
  result: 'fail',
  because: 'session s1 stayed 0.300 s',
  evidence: [],
}
const held: Verdict = { ...broken, check: 'limits-hold', result: 'pass', because: 'no provider was above its limit' }

test('a session that stays after its failure, from the question to what stayed', () => {
  const events = inOrder([
    ...requestOf('r1', 's1', 100, 152),
    admitted(102, 'r1'),
    ...attemptOf('alpha', 's1', 'r1', 103, 150).filter(event => !isRemoval(event)),
    released(151, 'r1'),
    faulty(190, 'fault-injected'),
    ...requestOf('r2', 's1', 200, 232),
    admitted(202, 'r2'),
    ...attemptOf('alpha', 's1', 'r2', 203, 230, 'failed').filter(event => !isRemoval(event)),
    released(231, 'r2'),
    faulty(290, 'fault-healed'),
    phaseAt(300, 'rest'),
    censusAt(600, 'alpha', [memberOf('s1')]),
  ])
  expect(storyOf(events, plan, [held, broken]).join('\n')).toMatchInlineSnapshot(`
    "   0.100 s  session s1 asks: r1, through proxy-1
       0.102 s  r1 acquires a slot at alpha, 1 of 1
       0.150 s  alpha has served r1
       0.151 s  r1 gives its slot at alpha back; s1 stays in {provider:alpha} as one that succeeded lately
       0.190 s  provider-fails at alpha (status 500) begins
       0.200 s  session s1 asks: r2, through proxy-1
       0.202 s  r2 acquires a slot at alpha, 1 of 1
       0.230 s  alpha fails r2 with 500
       0.231 s  r2 gives its slot at alpha back; s1 stays in {provider:alpha}
       0.290 s  provider-fails at alpha (status 500) is over
       0.600 s  everybody has stopped, and s1 is in {provider:alpha}, 0.370 s after its last attempt there (failed)
    ✗ every-slot-returned: session s1 stayed 0.300 s"
  `)
})

test('a removal under a request in flight, a refusal, an overrun limit, what came in uncounted', () => {
  const events = inOrder([
    admitted(101, 'r1'),
    ...attemptOf('alpha', 's1', 'r1', 103, 150).filter(event => !isRemoval(event)),
    says(110, { kind: 'refused', request: 'r2', session: 's2', provider: 'alpha', count: 1, waitedMs: 1 }),
    ...attemptOf('alpha', 's1', 'r1', 103, 120).filter(isRemoval),
    says(130, { kind: 'uncounted-admission', request: 'r3', session: 's3', provider: 'alpha', because: 'CROSSSLOT' }),
    ...attemptOf('alpha', 's3', 'r3', 131, 140).filter(({ kind }) => kind !== 'store-changed'),
  ])
  expect(storyOf(events, plan, []).join('\n')).toMatchInlineSnapshot(`
    "   0.101 s  r1 acquires a slot at alpha, 1 of 1
       0.110 s  r2 is refused at alpha: 1 of 1 are taken
       0.121 s  s1 is removed from {provider:alpha} while r1 is in flight there
       0.130 s  r3 enters alpha uncounted: CROSSSLOT
       0.131 s  alpha serves r3: 2 sessions are in flight there, limit 1
       0.140 s  alpha has served r3
       0.150 s  alpha has served r1"
  `)
})

test('a member that goes long after its last attempt, and what the store does', () => {
  const late = attemptOf('alpha', 's1', 'r1', 103, 150).map(event =>
    isRemoval(event) ? { ...event, at: 8_150 } : event,
  )
  const trouble = says(160, { kind: 'store-trouble', doing: 'release', provider: 'alpha', because: 'timed out' })
  expect(storyOf(inOrder([...late, trouble]), plan, []).join('\n')).toMatchInlineSnapshot(`
    "   0.150 s  alpha has served r1
       0.160 s  trouble with the store, release at alpha: timed out
       8.150 s  s1 leaves {provider:alpha}, 8.000 s after its last attempt there"
  `)
})

test('what faults do to the store, the proxies and the ways between them', () => {
  const [first, second] = [plan.steps[0]!, plan.steps[2]!]
  const calls: FaultCall[] = [
    { fault: 'primary-killed', provider: 'alpha' },
    { fault: 'proxy-killed', instance: 0 },
    { fault: 'link-delayed', instance: 1, provider: 'alpha', ms: 50 },
    { fault: 'store-frozen' },
  ]
  const injected = calls.map((call, n): Step => ({ do: 'inject', at: 90 + n, id: `f${n}`, call }))
  const runner = (at: number, event: RunnerEvent): Event => ({ at, from: 'runner', ...event })
  const begins = calls.map(({ fault }, n) => runner(90 + n, { kind: 'fault-injected', fault, id: `f${n}` }))
  const lost = (at: number, session: string, score: number | null): Event => ({
    at,
    from: 'tap',
    kind: 'store-lost',
    provider: 'alpha',
    member: memberOf(session),
    score,
    since: at,
    node: 'n',
    offset: 1,
  })
  const events = inOrder([
    ...begins,
    { at: 100, from: 'proxy-2', kind: 'request-began', request: 'r1', session: 's1' },
    admitted(101, 'r1'),
    ...attemptOf('alpha', 's1', 'r1', 103, 400),
    lost(120, 's1', null),
    lost(130, 's2', 1),
    lost(140, 's2', 2),
    says(150, { kind: 'reinserted', provider: 'alpha', tokens: ['t-r1'] }),
    says(160, { kind: 'unleased', provider: 'alpha', token: 't-r1' }),
    says(170, { kind: 'refused-without-store', request: 'r2', session: 's1', provider: 'alpha', because: 'timed out' }),
    says(180, { kind: 'terminated', session: 's1' }),
    says(190, { kind: 'drained' }),
    says(200, { kind: 'breaker', provider: 'alpha', state: 'open' }),
    says(210, { kind: 'outbox-dropped', provider: 'alpha', token: 't', because: 'two leases have passed' }),
    runner(500, { kind: 'receipt', fault: 'proxy-killed', id: 'f1', landed: false, because: 'no request was open' }),
  ])
  expect(storyOf(events, { ...plan, steps: [...injected, first, second] }, []).join('\n')).toMatchInlineSnapshot(`
    "   0.090 s  primary-killed at alpha begins
       0.091 s  proxy-killed at proxy-1 begins
       0.092 s  link-delayed at alpha and proxy-2 (ms 50) begins
       0.093 s  store-frozen begins
       0.100 s  r1 comes to proxy-2 instead
       0.101 s  r1 acquires a slot at alpha, 1 of 1
       0.120 s  Redis loses s1 in {provider:alpha}, which is in flight there
       0.130 s  Redis loses the release of s2: it is in {provider:alpha} again
       0.140 s  Redis loses a change of s2 in {provider:alpha}
       0.150 s  proxy-1 puts back 1 of its attempts at alpha that the store did not know
       0.160 s  proxy-1 can no longer vouch for the lease of r1 at alpha
       0.170 s  r2 is not admitted at alpha, for the store is away: timed out
       0.180 s  proxy-1 ends session s1, as its operator says
       0.190 s  proxy-1 has drained
       0.200 s  proxy-1 has its breaker of alpha open
       0.210 s  proxy-1 gives up a release at alpha: two leases have passed
       0.400 s  alpha has served r1
       0.500 s  nobody felt proxy-killed at proxy-1: no request was open"
  `)
})

test('a long story loses its middle, and never its end', () => {
  const events = Array.from({ length: 500 }, (_, n) => requestOf(`r${n}`, `s${n}`, n, n + 0.5)).flat()
  const story = storyOf(events, plan, [broken])
  expect(story.length).toBeLessThan(30)
  expect(story[0]).toBe('   0.000 s  session s0 asks: r0, through proxy-1')
  expect(story).toContain('           … 476 lines more …')
  expect(story.at(-1)).toBe('✗ every-slot-returned: session s1 stayed 0.300 s')
})
