import { expect, test } from 'vitest'
import { alarm, isPlayedTwice, playedTwice } from './twice.ts'

const history = (seed: number, spoilt?: number) =>
  [0, 1, 2].map(n => `${JSON.stringify({ at: n * seed, from: n === spoilt ? 'nobody' : 'client' })}\n`).join('')

test('the same history twice is no difference', async () => {
  expect(
    await playedTwice(
      7,
      async seed => history(seed),
      async seed => history(seed),
    ),
  ).toBeUndefined()
})

test('a player that is not deterministic is found out, with the first event that differs', async () => {
  let calls = 0
  const nondeterministic = async (seed: number) => history(seed, calls++ === 0 ? undefined : 1)
  const difference = (await playedTwice(7, nondeterministic, nondeterministic))!
  expect(difference).toMatchObject({
    seed: 7,
    line: 2,
    lines: ['{"at":7,"from":"client"}', '{"at":7,"from":"nobody"}'],
  })
  const said = alarm('cross-slot with lease', difference)
  expect(said).toMatch(/^NOT DETERMINISTIC: cross-slot with lease, seed 7,/)
  for (const part of [...difference.hashes, ...difference.lines, 'line 2 of history.ndjson'])
    expect(said).toContain(part)
  expect(new Set(difference.hashes).size).toBe(2)
})

test('a history that ends early differs where it ends', async () => {
  const difference = (await playedTwice(
    7,
    async seed => history(seed),
    async seed => history(seed).slice(0, history(seed).lastIndexOf('{')),
  ))!
  expect(difference).toMatchObject({ line: 3, lines: ['{"at":14,"from":"client"}', undefined] })
  expect(alarm('x', difference)).toContain('(this history has ended)')
})

test('a player that breaks down breaks the comparison', async () => {
  const broken = async () => {
    throw new Error('the second process ended')
  }
  await expect(playedTwice(7, async seed => history(seed), broken)).rejects.toThrow('the second process ended')
})

test.each([
  [1, [0]],
  [2, [0, 1]],
  [50, [0, 49]],
  [1_000, [...Array.from({ length: 20 }, (_, n) => 50 * n), 999]],
])('of %i seeds, these are played twice', (count, expected) => {
  const from = 33
  const seeds = Array.from({ length: count }, (_, n) => from + n)
  expect(seeds.filter(seed => isPlayedTwice(seed, { from, count })).map(seed => seed - from)).toEqual(expected)
})
