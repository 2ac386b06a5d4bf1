import fc from 'fast-check'
import type { Dispatcher } from 'undici'
import { expect, test } from 'vitest'
import { Exchange } from './exchange.ts'

/** undici's side of a call, which sends only while it is not paused. */
function upstream(ending: 'whole' | 'broken', sizes: readonly number[]) {
  const leaving = new AbortController()
  let overs = 0
  const exchange = new Exchange({
    signal: leaving.signal,
    headersOf: () => ({}),
    errorOf: error => new Error(`classified: ${error}`),
    over: () => void overs++,
  })
  let paused = false
  let aborted = false
  const controller = {
    get paused() {
      return paused
    },
    pause: () => void (paused = true),
    resume: () => void (paused = false),
    abort(reason: Error) {
      if (aborted) return
      aborted = true
      exchange.onResponseError(controller, reason)
    },
  } as Dispatcher.DispatchController
  exchange.onRequestStart(controller)
  exchange.onResponseStart(controller, 200, {})
  let sent = 0
  let ended = false
  return {
    exchange,
    leaving,
    overs: () => overs,
    state: () => ({ paused, aborted, sent, ended }),
    /** The next chunk, each byte of which is its number, or the end; nothing while paused. */
    send() {
      if (paused || aborted || ended) return
      const size = sizes[sent]
      if (size !== undefined) return exchange.onResponseData(controller, new Uint8Array(size).fill(sent++ % 256))
      ended = true
      if (ending === 'whole') exchange.onResponseEnd()
      else exchange.onResponseError(controller, new Error('reset'))
    },
  }
}

const anySizes = fc.array(fc.integer({ min: 1, max: 50_000 }), { maxLength: 30 })

test('whatever comes first, sending or taking, every chunk arrives once and in order, and then the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      anySizes,
      fc.constantFrom('whole', 'broken'),
      fc.infiniteStream(fc.nat(5)),
      async (sizes, ending, portions) => {
        const { exchange, send, state, overs } = upstream(ending, sizes)
        const taken: number[] = []
        let waiting: Promise<IteratorResult<Uint8Array, undefined>> | undefined
        for (let turns = 0; ; turns++) {
          expect(turns).toBeLessThan(1_000)
          for (let portion = portions.next().value + (waiting ? 1 : 0); portion > 0; portion--) send()
          waiting ??= exchange.next()
          // It is settled once something was there: microtasks suffice.
          const result = await Promise.race([
            waiting.catch((error: Error) => error),
            Promise.resolve().then(tick).then(tick),
          ])
          if (result === undefined) continue
          waiting = undefined
          if (result instanceof Error) {
            expect(ending).toBe('broken')
            expect(result.message).toBe('classified: Error: reset')
            break
          }
          if (result.done) {
            expect(ending).toBe('whole')
            break
          }
          expect(new Set(result.value)).toEqual(new Set([taken.length % 256]))
          taken.push(result.value.length)
        }
        expect(taken).toEqual(sizes)
        expect(state()).toMatchObject({ aborted: false, sent: sizes.length, ended: true })
        expect(overs()).toBe(1)
      },
    ),
  )
})

const tick = () => undefined

test('nobody takes: the provider is held back after so much', () => {
  const { send, state } = upstream(
    'whole',
    Array.from({ length: 100 }, () => 10_000),
  )
  for (let n = 0; n < 200; n++) send()
  expect(state()).toMatchObject({ paused: true, sent: 7 })
})

test.each(['return', 'signal'] as const)('leaving early (by %s) aborts the call once, and is over once', async how => {
  const { exchange, leaving, send, state, overs } = upstream('whole', [5, 5, 5])
  send()
  send()
  const reason = new Error('enough')
  if (how === 'signal') leaving.abort(reason)
  else await exchange.return()
  expect(state().aborted).toBe(true)
  expect(overs()).toBe(1)
  const next = exchange.next()
  await (how === 'signal' ? expect(next).rejects.toBe(reason) : expect(next).rejects.toThrow())
  leaving.abort(reason)
  await exchange.return()
  expect(overs()).toBe(1)
})

test('a signal that fires before the call has a connection aborts it as soon as it has one', async () => {
  const leaving = new AbortController()
  const exchange = new Exchange({ signal: leaving.signal, headersOf: () => ({}), errorOf: error => error as Error })
  const reason = new Error('enough')
  leaving.abort(reason)
  await expect(exchange.reply).rejects.toBe(reason)
  let aborted: unknown
  exchange.onRequestStart({ abort: (why: unknown) => void (aborted = why) } as unknown as Dispatcher.DispatchController)
  expect(aborted).toBe(reason)
})
