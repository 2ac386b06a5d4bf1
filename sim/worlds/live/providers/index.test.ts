/** The two parts as the runner sees them: processes of their own, joined by sockets alone. */
import { afterEach, expect, test } from 'vitest'
import type { Event } from '../../../history.ts'
import { poisson } from '../../../load/index.ts'
import type { AskStep } from '../../../plan.ts'
import { launchLoad } from '../load/index.ts'
import { hostNow } from '../part.ts'
import { launchProviders } from './index.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map(stop => stop()))
})

test('a load played at the providers is told by both witnesses, request by request', async () => {
  const events: Event[] = []
  const onEvents = (batch: Event[]) => void events.push(...batch)
  const pace = { firstByteMs: 2, tokens: 3, tokenMs: 1, spread: 0.5 }
  const providers = await launchProviders({ seed: 1, providers: [{ id: 'alpha', pace }], onEvents })
  const load = launchLoad(onEvents)
  closers.push(providers.stop, load.stop)
  const url = providers.urls.alpha!
  const lever = providers.lever('alpha')

  const play = (name: string) => {
    const asks = [...poisson({ name, from: 0, to: 100, perSecond: 400 }).asks(1)]
    const steps = asks.map((ask, n): AskStep => ({ do: 'ask', request: `${name}-${n}`, via: 0, ...ask }))
    return load.play({ asks: steps, targets: [url], origin: hostNow(), key: 'the key' }).then(() => steps)
  }
  const good = await play('good')
  const undo = await lever.behave({ kind: 'error', status: 500, afterMs: 1 })
  const bad = await play('bad')
  await undo()
  const healed = await play('healed')

  expect(await lever.answered()).toEqual({ healthy: good.length + healed.length, error: bad.length })
  await providers.stop()
  const endsOf = (kind: 'client-ended' | 'provider-ended') =>
    Object.fromEntries(events.flatMap(event => (event.kind === kind ? [[event.request, event.outcome]] : [])))
  const expected = (ok: string, wrong: string) =>
    Object.fromEntries(
      [...good, ...bad, ...healed].map(({ request }) => [request, request.startsWith('bad') ? wrong : ok]),
    )
  expect(endsOf('client-ended')).toEqual(expected('complete', 'answered'))
  expect(endsOf('provider-ended')).toEqual(expected('served', 'failed'))
  const began = events.filter(event => event.kind === 'provider-began')
  expect(new Set(began.map(({ session }) => session))).toEqual(
    new Set([...good, ...bad, ...healed].map(({ session }) => session)),
  )
  expect(events.filter(({ kind }) => kind === 'generator')).toHaveLength(3)
})

test('a port that is asked for is the port; one that is taken is an error', async () => {
  const pace = { firstByteMs: 1, tokens: 1, tokenMs: 1, spread: 0 }
  const launch = (ports?: number[]) =>
    launchProviders({ seed: 1, providers: [{ id: 'alpha', pace }], ...(ports && { ports }), onEvents() {} })
  const first = await launch()
  const port = Number(new URL(first.urls.alpha!).port)
  await first.stop()
  const second = await launch([port])
  closers.push(second.stop)
  expect(second.urls.alpha).toBe(first.urls.alpha)
  await expect(launch([port])).rejects.toThrow('EADDRINUSE')
})
