import { expect, test } from 'vitest'
import { Rotation } from './rotation.ts'

test('a request for an instance that is out goes to the next one, until it is back', () => {
  const rotation = new Rotation()
  rotation.takeOut(1)
  expect([0, 1, 2, 3].map(via => rotation.route(via, 3))).toEqual([0, 2, 2, 0])
  rotation.takeOut(2)
  expect(rotation.route(1, 3)).toBe(0)
  rotation.putBack(1)
  expect(rotation.route(1, 3)).toBe(1)
})

test('where all are out, a request goes where it was meant to go, and fails there', () => {
  const rotation = new Rotation()
  for (const instance of [0, 1]) rotation.takeOut(instance)
  expect(rotation.route(3, 2)).toBe(1)
})

test('open requests are counted by instance until they end, whether they fail or not', async () => {
  const rotation = new Rotation()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const one = rotation.during(0, promise)
  const other = rotation.during(1, Promise.withResolvers<void>().promise)
  expect(rotation.takeOut(0)).toBe(1)
  reject(new Error('broken'))
  await expect(one).rejects.toThrow('broken')
  expect([rotation.open(0), rotation.open(1)]).toEqual([0, 1])
  void [other, resolve]
})
