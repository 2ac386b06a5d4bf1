/** Who is told to come back after the heal: rightly while a first probe is under way, and held against the proxy otherwise. */
import { expect, test } from 'vitest'
import { servesAgain } from '../checks/index.ts'
import { attemptOf, inOrder, phaseAt, requestOf, sampleTopology } from '../checks/sample.ts'
import type { Event } from '../history.ts'
import { measure } from './index.ts'

/** Through one instance or another, answered by alpha. */
const asked = (request: string, at: number, tookMs = 40, outcome: 'served' | 'failed' = 'served', by = 'proxy-1') =>
  [
    ...requestOf(request, request, at, at + tookMs),
    ...attemptOf('alpha', request, request, at + 5, at + tookMs - 5, outcome),
  ]
    .map((event): Event => (event.kind === 'request-began' ? { ...event, from: by } : event))
    .map(
      (event): Event =>
        event.kind === 'client-ended' && outcome === 'failed' ? { ...event, outcome: 'answered', status: 500 } : event,
    )
/** Nobody is called. */
const refused = (request: string, at: number, status = 503): Event[] =>
  requestOf(request, request, at, at + 2).map(event =>
    event.kind === 'client-ended' ? { ...event, outcome: 'answered', status, retryAfterMs: 1_000 } : event,
  )

/** Everybody is served before the storm, and alpha fails until 1,000; its breaker's time is over at 1,290, and a transit later all is judged. */
function verdictOn(...after: Event[][]) {
  const before = Array.from({ length: 4 }, (_, n) => asked(`calm-${n}`, 100 + 90 * n))
  const storm = Array.from({ length: 6 }, (_, n) => asked(`storm-${n}`, 600 + 60 * n, 40, 'failed'))
  const phases = [phaseAt(0, 'baseline'), phaseAt(500, 'storm'), phaseAt(1_000, 'recovery'), phaseAt(3_000, 'rest')]
  return servesAgain.of(
    measure(inOrder([...phases, ...[...before, ...storm, ...after].flat()]), sampleTopology),
    sampleTopology,
  )
}
const later = Array.from({ length: 4 }, (_, n) => asked(`later-${n}`, 2_200 + 50 * n))

test('a first probe that comes late may keep others waiting until it is served, and a moment longer', () => {
  const probe = asked('probe', 1_600, 300)
  const early = [1_600, 1_601, 1_700, 1_890, 1_960].map(at => refused(`early-${at}`, at))
  expect(verdictOn(probe, ...early, ...later)).toMatchObject({ result: 'pass' })
  expect(verdictOn(probe, ...early)).toMatchObject({ result: 'pass' })
})

test('a client that leaves its probe proves nothing: the next one asks', () => {
  const left = asked('left', 1_600, 100).map(event =>
    event.kind === 'client-ended'
      ? { ...event, outcome: 'aborted' as const }
      : event.kind === 'provider-ended'
        ? { ...event, outcome: 'peer-closed' as const }
        : event,
  )
  expect(verdictOn(left, asked('probe', 1_720, 300), refused('early', 1_950), ...later)).toMatchObject({
    result: 'pass',
  })
})

test('what was on its way when the breaker opened proves nothing when it is served', () => {
  const onItsWay = asked('on-its-way', 940, 300)
  expect(verdictOn(onItsWay, asked('probe', 1_600, 300), refused('early', 1_700), ...later)).toMatchObject({
    result: 'pass',
  })
})

test('whoever stays closed to a provider that is well fails, asked by nobody or in spite of its answer', () => {
  const turnedAway = [1_500, 1_600, 1_700, 2_100].map(at => refused(`away-${at}`, at))
  expect(verdictOn(...turnedAway)).toMatchObject({ result: 'fail' })
  expect(verdictOn(asked('probe', 1_450), ...turnedAway)).toMatchObject({ result: 'fail' })
  // Half-open for ever: two at a time are served, and the rest turned away in between.
  const two = [1_500, 1_650, 1_800, 1_950].map(at => asked(`one-of-two-${at}`, at, 150))
  expect(verdictOn(...two, ...[1_800, 1_900, 2_000].map(at => refused(`other-${at}`, at)))).toMatchObject({
    result: 'fail',
  })
})

test('a probe of another instance, or where nothing had failed, excuses nobody', () => {
  expect(verdictOn(asked('probe', 1_600, 300, 'served', 'proxy-2'), refused('early', 1_700), ...later)).toMatchObject({
    result: 'fail',
  })
})

test('an error that a provider was called for is no wait', () => {
  expect(verdictOn(asked('probe', 1_600, 300), asked('broken', 1_700, 40, 'failed'), ...later)).toMatchObject({
    result: 'fail',
  })
})
