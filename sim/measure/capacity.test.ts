/** Of the slots that clients ask for, how many are in use: by hand, on histories of a few lines. */
import { expect, test } from 'vitest'
import { attemptOf, inOrder, phaseAt, requestOf, sampleTopology } from '../checks/sample.ts'
import type { Event } from '../history.ts'
import { measure } from './index.ts'

const [alpha] = sampleTopology.providers
/** One provider of three slots. */
const topology = { ...sampleTopology, providers: [alpha!] }
const figures = (...events: Event[]) =>
  measure(inOrder([phaseAt(0, 'storm'), ...events, phaseAt(1_000, 'recovery')]), topology).figures

test('a client that waits while a slot is free counts against it', () => {
  expect(figures(...requestOf('r1', 's1', 100, 300), ...attemptOf('alpha', 's1', 'r1', 200, 300))).toMatchObject({
    'capacity.used': 0.5,
    'capacity.answersPerSecond': 1,
  })
})

test('who waits for a full provider does not', () => {
  const served = ['a', 'b', 'c'].flatMap(name => [
    ...requestOf(name, name, 100, 300),
    ...attemptOf('alpha', name, name, 100, 300),
  ])
  const waiting = ['d', 'e'].flatMap(name => requestOf(name, name, 100, 300))
  expect(figures(...served, ...waiting)['capacity.used']).toBe(1)
})

test('only the storm counts', () => {
  const before = figures(...requestOf('r1', 's1', 1_100, 1_300))
  expect(before['capacity.used']).toBeUndefined()
  expect(figures(...requestOf('r1', 's1', 900, 1_100), ...attemptOf('alpha', 's1', 'r1', 950, 1_100))).toMatchObject({
    'capacity.used': 0.5,
    'capacity.answersPerSecond': 0,
  })
})
