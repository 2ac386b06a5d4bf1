import { expect, test } from 'vitest'
import { leftOf } from './left.ts'
import { statOf } from './proc.ts'

const leader = { pid: 100, started: '5000' }
const process = (pid: number, session: number, started: string) => ({ pid, parent: 1, session, started })
const pids = (processes: ReturnType<typeof process>[]) => leftOf([leader], processes).map(({ pid }) => pid)

test('a leader and its descendants are left, and so are these when it is gone', () => {
  expect(pids([process(100, 100, '5000'), process(101, 100, '5002'), process(7, 7, '10')])).toEqual([100, 101])
  expect(pids([process(101, 100, '5002')])).toEqual([101])
})

test('another process that bears the pid of one that ended is nobody’s', () => {
  expect(pids([process(100, 100, '9000'), process(102, 100, '9001')])).toEqual([])
  expect(pids([process(100, 7, '9000')])).toEqual([])
})

test('this process is known by its pid and its start, and no process by another pid', () => {
  const self = statOf(globalThis.process.pid)
  expect(self?.pid).toBe(globalThis.process.pid)
  expect(self?.started).toMatch(/^\d+$/)
  expect(statOf(2 ** 30)).toBeUndefined()
})
