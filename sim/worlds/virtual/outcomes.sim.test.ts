/** Every behaviour of a provider in virtual time: what the proxy makes of it, what its client sees, and that the slot comes back. */
import { expect, test } from 'vitest'
import { lease } from '../../../proxy/tracker/index.ts'
import type { Event } from '../../history.ts'
import type { AskStep, Plan } from '../../plan.ts'
import { play } from '../../play.ts'
import { type Outcome, outcomes } from '../../providers/outcomes.ts'
import { provider, topology } from '../../topology.ts'
import { openVirtual } from './index.ts'
import { luaEngine, scriptOf, sha1 } from './resources.ts'

const resources = { engine: luaEngine(), scriptOf, sha1 }
const pace = { firstByteMs: 10, tokens: 4, tokenMs: 2, spread: 0.2 }
const usual = { limit: 10, firstByteMs: 200, idleMs: 100 }
const asks = (['anthropic', 'openai'] as const).flatMap((shape, n) =>
  [true, false].map(
    (stream, m): AskStep => ({
      do: 'ask',
      at: 10,
      request: `r${n}${m}`,
      session: `s${n}${m}`,
      shape,
      stream,
      via: n,
    }),
  ),
)
const plan: Plan = {
  scenario: 'outcomes',
  seed: 1,
  topology: topology({
    providers: [provider({ id: 'alpha', priority: 1, ...usual }), provider({ id: 'beta', priority: 2, ...usual })],
  }),
  paces: { alpha: pace, beta: pace },
  steps: asks,
}

test.each(Object.entries<Outcome>(outcomes))('%s', async (_name, { behaviour, failure, begun }) => {
  const history: Event[] = []
  const world = await openVirtual({ plan, tracker: lease, resources, tell: event => void history.push(event) })
  await world.levers.provider!('alpha').behave(behaviour)
  await world.drive(play(plan, world))
  await world.close()
  const of = <K extends Event['kind']>(kind: K, request: string) =>
    history.filter(
      (event): event is Extract<Event, { kind: K }> =>
        event.kind === kind && (event as { request?: string }).request === request,
    )
  for (const { request, stream } of asks) {
    const [first] = of('attempt-ended', request)
    expect(first, request).toMatchObject({ provider: 'alpha', ...(failure && { failure }) })
    expect(first!.failure, request).toBe(failure)
    const seen = begun && stream ? 'broken' : failure === 'client-error' ? 'answered' : 'complete'
    expect(
      of('client-ended', request).map(({ outcome }) => outcome),
      request,
    ).toEqual([seen])
    const began = of('provider-began', request)
    expect(of('provider-ended', request)).toHaveLength(began.length)
    expect(began.some(event => event.provider === 'alpha')).toBe(behaviour.kind !== 'refuses')
  }
  const censuses = history.filter(event => event.kind === 'store-census')
  expect(censuses.map(({ members }) => members)).toEqual([[], []])
})
