import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../sim/clock.ts'
import { acts, type ScriptedOptions, scripted } from '../sim/scripted/index.ts'
import { stickyKey } from './sticky.ts'
import type { Store } from './tracker/tracker.ts'

/** What the two scripts do, with what was asked; `broken`: how it fails to. */
function memory(broken?: 'refuses' | 'hangs' | 'throws') {
  const kept = new Map<string, { id: string; until: number }>()
  const runs: string[] = []
  let clock = new VirtualClock()
  const store: Store = {
    run(script, [key], [id, windowMs]) {
      runs.push(script.name)
      if (broken === 'throws') throw new Error('no such store')
      if (broken === 'refuses') return Promise.reject(new Error('no store'))
      if (broken === 'hangs') return new Promise(() => {})
      if (script.name === 'sticky-write') {
        kept.set(key!, { id: String(id), until: clock.now() + Number(windowMs) })
        return Promise.resolve('OK')
      }
      const found = kept.get(key!)
      return Promise.resolve(found && found.until > clock.now() ? found.id : null)
    },
  }
  return { store, kept, runs, at: (world: { clock: VirtualClock }) => void (clock = world.clock) }
}

const equals = { a: { priority: 1 }, b: { priority: 1 }, c: { priority: 1 }, d: { priority: 1 } }
const all = (
  does: ScriptedOptions['providers'][string]['does'],
  priorities: Record<string, { priority: number }> = equals,
) => Object.fromEntries(Object.entries(priorities).map(([id, more]) => [id, { does, limit: 0, ...more }]))

const called = (world: ReturnType<typeof scripted>) =>
  world.notes.filter(({ did }) => did === 'send').map(({ provider }) => provider)

describe('a session', () => {
  test('prefers, among equals, the provider that it last succeeded with, for an idle window', async () => {
    const { store, at } = memory()
    const world = scripted({ manners: { stickyMs: 1_000 }, providers: all([acts.ok()]), store })
    at(world)
    for (let n = 0; n < 12; n++) {
      world.ask({ session: 'mine' })
      await world.run(world.clock.now() + 900)
    }
    expect(new Set(called(world)).size).toBe(1)
    // Others are spread as ever.
    for (let n = 0; n < 30; n++) world.ask()
    await world.run()
    expect(new Set(called(world)).size).toBe(4)
  })

  test('is free again after the window', async () => {
    const { store, at } = memory()
    const world = scripted({ manners: { stickyMs: 500 }, providers: all([acts.ok()]), store })
    at(world)
    for (let n = 0; n < 20; n++) {
      world.ask({ session: 'mine' })
      await world.run(world.clock.now() + 2_000)
    }
    expect(new Set(called(world)).size).toBeGreaterThan(1)
  })

  test('returns to a better priority as soon as that is back', async () => {
    const { store, at } = memory()
    const world = scripted({
      manners: { stickyMs: 100_000 },
      providers: {
        best: { does: [acts.error(500), acts.ok()], priority: 1 },
        ...all([acts.ok()], { b: { priority: 2 }, c: { priority: 2 } }),
      },
      store,
    })
    at(world)
    for (let n = 0; n < 2; n++) {
      world.ask({ session: 'mine' })
      await world.run(world.clock.now() + 500)
    }
    const [first, fallback, then] = called(world)
    expect([first, then]).toEqual(['best', 'best'])
    expect(['b', 'c']).toContain(fallback)
  })

  test('is not a reason to break a limit: a full favourite is passed by', async () => {
    const { store, kept, at } = memory()
    const world = scripted({
      manners: { stickyMs: 100_000 },
      providers: all([acts.ok()]),
      store,
      admits: hold => (hold.provider.id === 'c' ? { answer: { kind: 'full', count: 1, retryAfterMs: 1 } } : undefined),
    })
    at(world)
    kept.set(stickyKey('mine'), { id: 'c', until: 1_000_000 })
    const heard = world.ask({ session: 'mine' })
    await world.run()
    expect(world.did()[0]).toBe('acquire c')
    expect(heard.status).toBe(200)
    expect(kept.get(stickyKey('mine'))!.id).toBe(called(world)[0])
  })

  test('is remembered for a success alone', async () => {
    const { store, kept, at } = memory()
    const world = scripted({ manners: { stickyMs: 1_000 }, providers: all([acts.error(400)]), store })
    at(world)
    world.ask({ session: 'mine' })
    await world.run()
    expect(kept.size).toBe(0)
  })
})

describe.each(['refuses', 'hangs', 'throws'] as const)('a store that %s', how => {
  test('is no preference, and no error', async () => {
    const { store, at } = memory(how)
    const world = scripted({ manners: { stickyMs: 1_000 }, providers: all([acts.ok()]), store })
    at(world)
    const heard = world.ask()
    await world.run()
    expect(heard.end).toBe('end')
    // A bounded wait: the patience, an acquire of 1 ms, and an answer of 40.
    expect(heard.endedAt).toBeLessThanOrEqual(50 + 1 + 40)
    if (how !== 'hangs') expect(world.of('store-trouble').map(({ doing }) => doing)).toEqual(['prefer', 'remember'])
  })
})

test('nothing is asked of the store where the order is always the same, or where nobody wants it', async () => {
  for (const options of [
    { manners: { stickyMs: 1_000 }, providers: all([acts.ok()], { a: { priority: 1 }, b: { priority: 2 } }) },
    { manners: { stickyMs: 0 }, providers: all([acts.ok()]) },
  ]) {
    const { store, runs } = memory()
    const world = scripted({ ...options, store })
    world.ask()
    await world.run()
    expect(runs).toEqual([])
  }
})
