import { expect, test } from 'vitest'
import { usualProvider } from '../provider.ts'
import { lease } from './lease.ts'

const provider = { ...usualProvider, id: 'alpha', baseUrl: '', limit: 3 }
const dead = (member: string) => member.startsWith('dead')

/** A store whose audit script looks at these members by rank; `between` happens after each call. */
function auditing(members: string[], between: (calls: number) => void) {
  let calls = 0
  const tracker = lease.create(
    {
      async run(_script, _keys, args) {
        const [, from, size] = args.map(Number) as [number, number, number]
        const seen = members.slice(from, from + size)
        const removed = seen.filter(dead)
        members.splice(0, members.length, ...members.filter(member => !removed.includes(member)))
        between(++calls)
        return [seen.length, removed, []]
      },
    },
    1_000,
    () => 0,
  )
  return { calls: () => calls, audit: () => tracker.operator!.audit(provider) }
}

test('an audit finds those too that moved up when somebody left between two calls', async () => {
  const members = [
    ...Array.from({ length: 10 }, (_, n) => `live ${n}`),
    ...Array.from({ length: 5_000 }, (_, n) => `dead ${n}`),
  ]
  const { audit } = auditing(members, calls => {
    if (calls === 1) members.shift()
  })
  expect((await audit()).membersRemoved).toHaveLength(5_000)
  expect(members.filter(dead)).toEqual([])
})

test('an audit asks once where one call is enough, and ends however many are added meanwhile', async () => {
  const quiet = auditing(['live', 'dead'], () => {})
  expect((await quiet.audit()).membersRemoved).toEqual(['dead'])
  expect(quiet.calls()).toBe(1)

  const full = Array.from({ length: 9_000 }, (_, n) => `dead ${n}`)
  const busy = auditing(full, calls =>
    full.push(...Array.from({ length: calls % 3 ? 4_000 : 100 }, (_, n) => `dead ${calls} ${n}`)),
  )
  await busy.audit()
  expect(busy.calls()).toBeGreaterThan(4)
})
