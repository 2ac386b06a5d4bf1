import { expect, test } from 'vitest'
import { faultsLanded } from '../checks/index.ts'
import { inOrder, phaseAt, sampleTopology } from '../checks/sample.ts'
import type { Event } from '../history.ts'
import { measure } from './index.ts'

const fault = { from: 'runner', fault: 'provider-fails', id: 'f1' } as const
const verdictOf = (...events: Event[]) =>
  faultsLanded.of(measure(inOrder([phaseAt(0, 'storm'), ...events]), sampleTopology), sampleTopology).result

const missed: Event = { ...fault, at: 20, kind: 'receipt', landed: false, because: 'nobody asked' }

test('a fault that nobody met leaves a run unjudged, unless it may miss', () => {
  expect(verdictOf({ ...fault, at: 10, kind: 'fault-injected' }, missed)).toBe('unknown')
  expect(verdictOf({ ...fault, at: 10, kind: 'fault-injected', mayMiss: true }, missed)).toBe('pass')
})

test('a fault without a receipt leaves a run unjudged, even where it may miss', () => {
  expect(verdictOf({ ...fault, at: 10, kind: 'fault-injected', mayMiss: true })).toBe('unknown')
})
