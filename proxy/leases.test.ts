import { expect, test } from 'vitest'
import { Leases } from './leases.ts'
import { type Provider, usualProvider } from './provider.ts'

const alpha: Provider = { ...usualProvider, id: 'alpha', baseUrl: '', limit: 0, heartbeatMs: 100 }
const hold = (token: string) => ({ provider: alpha, member: 's:a', token })

test('a lease is vouched for until a heartbeat before its earliest end, and from each renewal anew', () => {
  const leases = new Leases([alpha])
  const [one, two] = [hold('t1'), hold('t2')]
  leases.take(one, 0)
  leases.take(two, 50)
  expect(leases.lapsed(alpha, 300)).toEqual([])
  expect(leases.lapsed(alpha, 301)).toEqual([one])
  expect(leases.unleasedAt(alpha)).toBe(1)
  expect(leases.lapsed(alpha, 302), 'told once').toEqual([])
  leases.renewed([one, two], 310)
  expect(leases.unleasedAt(alpha)).toBe(0)
  expect(leases.lapsed(alpha, 610)).toEqual([])
  expect(leases.lapsed(alpha, 611)).toEqual([one, two])
})

test('what was given back is neither renewed nor missed', () => {
  const leases = new Leases([alpha])
  const one = hold('t1')
  leases.take(one, 0)
  expect(leases.give(one)).toBe(true)
  expect(leases.give(one)).toBe(false)
  leases.renewed([one], 10)
  expect([leases.at(alpha), leases.countAt(alpha), leases.lapsed(alpha, 1_000)]).toEqual([[], 0, []])
})
