import { expect, test } from 'vitest'
import { VirtualClock } from '../../clock.ts'
import { Process } from './process.ts'

function stage() {
  const clock = new VirtualClock()
  const process = new Process(clock)
  const heard: [string, number][] = []
  const hear = (what: string) => () => void heard.push([what, clock.now()])
  return { clock, process, heard, hear }
}

test('while it is stopped its clock goes on, and what was to happen waits for its turn', async () => {
  const { clock, process, heard, hear } = stage()
  process.after(10, hear('timer'))
  process.after(30, hear('later'))
  const thaw = process.freeze()
  process.after(5, hear('earlier'))
  await clock.run(20)
  process.deliver(hear('arrival'))
  expect(process.now()).toBe(20)
  expect(heard).toEqual([])
  await clock.run(25)
  thaw()
  await clock.run(100)
  expect(heard).toEqual([
    ['earlier', 25],
    ['timer', 25],
    ['arrival', 25],
    ['later', 30],
  ])
  expect(process.waited).toBe(3)
})

test('what is called off while it waits does not happen, even by what waited before it', async () => {
  const { clock, process, heard, hear } = stage()
  const thaw = process.freeze()
  process.after(1, () => {
    hear('reply')()
    cancel()
  })
  const cancel = process.after(2, hear('time-out'))
  await clock.run(10)
  thaw()
  await clock.run(20)
  expect(heard).toEqual([['reply', 10]])
})

test('two stops overlap: it goes on after the second', async () => {
  const { clock, process, heard, hear } = stage()
  const [first, second] = [process.freeze(), process.freeze()]
  process.deliver(hear('arrival'))
  first()
  first()
  await clock.run(10)
  expect([process.frozen, heard]).toEqual([true, []])
  second()
  await clock.run(20)
  expect(heard).toEqual([['arrival', 10]])
})

test('after its end nothing happens, and what it had open is closed', async () => {
  const { clock, process, heard, hear } = stage()
  const [kept, closed] = [{ close: hear('kept') }, { close: hear('closed') }]
  process.opened(kept)
  process.opened(closed)
  process.closed(closed)
  process.after(10, hear('timer'))
  const thaw = process.freeze()
  process.deliver(hear('arrival'))
  process.end()
  process.end()
  thaw()
  process.deliver(hear('more'))
  await clock.run(100)
  expect(heard).toEqual([['kept', 0]])
  expect([process.alive, process.frozen]).toEqual([false, false])
})

test('sleepers wake, or leave with their signal', async () => {
  const { clock, process } = stage()
  await clock.drive(process.sleep(5))
  expect(clock.now()).toBe(5)
  const leaving = new AbortController()
  const sleeping = process.sleep(1_000, leaving.signal)
  leaving.abort(new Error('enough'))
  await expect(sleeping).rejects.toThrow('enough')
  await expect(process.sleep(1, leaving.signal)).rejects.toThrow('enough')
})
