import { describe, expect, test } from 'vitest'
import { Link } from './link.ts'

function stage() {
  const at = { now: 0 }
  const link = new Link({ seed: 7, now: () => at.now, minMs: 1, maxMs: 3 })
  const delayAt = (now: number) => {
    at.now = now
    return link.delay()
  }
  const severed: string[] = []
  const connection = (name: string) => ({ sever: () => void severed.push(name) })
  return { link, delayAt, severed, connection }
}

test('delays lie within the range, and are keyed by instant and order alone', () => {
  const [one, other] = [stage(), stage()]
  const delays = Array.from({ length: 500 }, (_, n) => one.delayAt(n * 0.01))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...delays)).toBeLessThan(3)
  expect(new Set(delays).size).toBeGreaterThan(450)
  // The other has sent nothing before, and two messages at once differ.
  expect(other.delayAt(4)).toBe(delays[400])
  expect(other.delayAt(4)).not.toBe(delays[400])
})

test('delays add up, and heal in either order', () => {
  const { link, delayAt } = stage()
  const usual = delayAt(1)
  const [first, second] = [link.slow(50), link.slow(7)]
  expect(delayAt(2) - 57).toBeLessThan(3)
  expect(link.hit.delayed).toBe(1)
  first()
  first()
  expect(delayAt(3) - 7).toBeLessThan(3)
  second()
  expect(link.clean).toBe(true)
  expect(stage().delayAt(1)).toBe(usual)
  expect(delayAt(4)).toBeLessThan(3)
  expect(link.hit.delayed).toBe(2)
})

test('what is held while it is silent leaves in its order, when the last silence is over', () => {
  const { link } = stage()
  const left: number[] = []
  const [first, second] = [link.silence(), link.silence()]
  expect(link.silent).toBe(true)
  for (const n of [1, 2, 3]) link.hold(() => left.push(n))
  first()
  expect([link.silent, left]).toEqual([true, []])
  second()
  expect([link.silent, left]).toEqual([false, [1, 2, 3]])
  expect(link.hit.held).toBe(3)
  expect(link.clean).toBe(true)
})

describe('cut', () => {
  test('connections break, and none can be made until it is mended', () => {
    const { link, severed, connection } = stage()
    const [one, two] = [connection('one'), connection('two')]
    expect([link.connect(one), link.connect(two)]).toEqual([true, true])
    link.disconnect(two)
    const mend = link.cut()
    expect(severed).toEqual(['one'])
    expect(link.connect(two)).toBe(false)
    expect(link.hit.cut).toBe(2)
    mend()
    expect(link.connect(two)).toBe(true)
  })
})
