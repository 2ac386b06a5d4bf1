/** `stormproof providers`: the fake providers alone, until Ctrl-C. */
import * as scenarios from '../scenarios/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { launchProviders } from '../sim/worlds/live/providers/index.ts'
import { exitCodes, named } from './errors.ts'

/** Serves the providers of a scenario, healthy, on free ports. */
export async function providers(name: string, seed: number, signal: AbortSignal): Promise<number> {
  const { topology, paces } = named<Scenario>('scenario', scenarios, name)
  const specs = topology.providers.map(({ id }) => ({ id, pace: paces[id]! }))
  const served = await launchProviders({ seed, providers: specs, onEvents: () => {} })
  for (const [id, url] of Object.entries(served.urls)) console.log(`${id} ${url}`)
  console.error('answering /v1/messages and /v1/chat/completions; Ctrl-C ends it')
  await new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    // A bare listener keeps no process alive.
    const alive = setInterval(() => signal.aborted && clearInterval(alive), 1_000)
  })
  await served.stop()
  return exitCodes.interrupted
}
