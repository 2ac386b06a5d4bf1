import { expect, test } from 'vitest'
import { Stop } from './stop.ts'

test('tells each listener once, in order, and why; who comes later looks for himself', () => {
  const stop = new Stop()
  const heard: unknown[] = []
  const gone = () => heard.push('gone')
  stop.addEventListener('abort', () => heard.push('a', stop.reason))
  stop.addEventListener('abort', gone)
  stop.addEventListener('abort', () => heard.push('b'))
  stop.removeEventListener('abort', gone)
  expect(stop.aborted).toBe(false)
  stop.abort('why')
  stop.abort('again')
  stop.addEventListener('abort', gone)
  expect(heard).toEqual(['a', 'why', 'b'])
  expect([stop.aborted, stop.reason]).toEqual([true, 'why'])
})
