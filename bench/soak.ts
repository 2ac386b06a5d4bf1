/** Many requests of every kind, a tenth of them abandoned: does the proxy's memory come back to its level? */
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request as call } from 'undici'
import type { Random } from '../proxy/ports.ts'
import { type Asked, bodyOf, pathOf } from '../sim/providers/asked.ts'
import { randomFor } from '../sim/random.ts'
import { startPart } from '../sim/worlds/live/part.ts'
import { launchProviders } from '../sim/worlds/live/providers/index.ts'
import type { Memory } from './soak/main.ts'

export interface Soaked {
  requests: number
  abandoned: number
  wallMs: number
  /** After a tenth of the requests, and after all of them. */
  early: Memory
  late: Memory
  /** `late` over `early`, of what is held. */
  growth: number
  /** Requests, slots, calls and releases that were left when everything had stopped. */
  left: Record<string, number>
}

const callers = 48
const abandonRatio = 0.1
const pace = { firstByteMs: 2, tokens: 4, tokenMs: 1, spread: 0.5 }
/** Short, so that the store's memory of released tokens, which is in the same process, is level after a tenth already. */
const provider = { heartbeatMs: 250, tombstoneMs: 1_000, limit: 40 }

export async function soak(requests: number, seed: number): Promise<Soaked> {
  const providers = await launchProviders({
    seed,
    providers: ['alpha', 'beta'].map(id => ({ id, pace })),
    onEvents() {},
  })
  const proxy = startPart({ name: 'soaked', main: new URL('./soak/main.ts', import.meta.url) })
  const dispatcher = new Agent({ connections: callers })
  try {
    // A fifth of the answers fail: slots move from one provider to the other all the time.
    await providers.lever('alpha').behave({ kind: 'mixed', ratio: 0.2, of: { kind: 'error', status: 500, afterMs: 1 } })
    const urls = Object.entries(providers.urls)
    const url = await proxy.ask<string>(
      'start',
      urls.map(([id, baseUrl]) => ({ id, baseUrl, ...provider })),
    )
    const began = performance.now()
    const tenth = Math.ceil(requests / 10)
    let abandoned = await play(0, tenth, seed, url, dispatcher)
    const early = await memoryAtRest()
    abandoned += await play(tenth, requests, seed, url, dispatcher)
    const wallMs = performance.now() - began
    const late = await memoryAtRest()
    const left = await proxy.ask<Record<string, number>>('left')
    return { requests, abandoned, wallMs, early, late, growth: late.heldBytes / early.heldBytes, left }
  } finally {
    await dispatcher.destroy()
    await proxy.stop()
    await providers.stop()
  }

  /** When leases and tombstones have run out. */
  async function memoryAtRest(): Promise<Memory> {
    await sleep(3_000)
    return proxy.ask<Memory>('memory')
  }
}

/** Asks from one number to the next, in a closed loop; answers how many were abandoned. */
async function play(from: number, to: number, seed: number, url: string, dispatcher: Agent): Promise<number> {
  let next = from
  let abandoned = 0
  const caller = async () => {
    for (let n = next++; n < to; n = next++)
      if (await ask(n, randomFor(seed, 'soak', String(n)), url, dispatcher)) abandoned++
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return abandoned
}

/** Whether it was abandoned. What comes back is of no interest here. */
async function ask(n: number, random: Random, url: string, dispatcher: Agent): Promise<boolean> {
  const asked: Asked = {
    request: `soak-${n}`,
    session: `s${Math.floor(random.next() * 200)}`,
    shape: random.next() < 0.5 ? 'anthropic' : 'openai',
    stream: random.next() < 0.7,
  }
  const leaving = new AbortController()
  const leaves = random.next() < abandonRatio
  if (leaves) setTimeout(() => leaving.abort(), random.next() * 10)
  try {
    const body = bodyOf(asked)
    const reply = await call(url + pathOf[asked.shape], { method: 'POST', body, dispatcher, signal: leaving.signal })
    await reply.body.dump()
  } catch (error) {
    if (!leaving.signal.aborted) throw error
  }
  return leaves && leaving.signal.aborted
}
