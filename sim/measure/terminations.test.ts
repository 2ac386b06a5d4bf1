/** How long a session stays ended: by hand, on histories of a few lines. */
import { expect, test } from 'vitest'
import { attemptOf, inOrder, phaseAt } from '../checks/sample.ts'
import type { Event } from '../history.ts'
import { provider, topology } from '../topology.ts'
import { measure } from './index.ts'

test('a session stays ended for the longest lease, also where leases are shorter', () => {
  const uneven = topology({
    providers: [
      provider({ id: 'alpha', limit: 2, heartbeatMs: 200 }),
      provider({ id: 'beta', limit: 2, heartbeatMs: 500 }),
    ],
  })
  const ended: Event = {
    at: 100,
    from: 'runner',
    kind: 'fault-injected',
    fault: 'session-terminated',
    id: 'f1',
    takes: 'session',
    instance: 'proxy-1',
    session: 's',
  }
  const undead = (from: number) =>
    measure(inOrder([phaseAt(0, 'storm'), ended, ...attemptOf('alpha', 's', 'r1', from, from + 50)]), uneven).undead
      .length
  // Marked until 2,100 ms; alpha's own lease would have been over at 900 ms.
  expect([undead(150), undead(1_000), undead(1_850), undead(2_150)]).toEqual([0, 1, 1, 0])
})
