/** `stormproof providers`: the fake providers alone, until Ctrl-C. */
import * as scenarios from '../scenarios/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { EnvironmentNotReady } from '../sim/worlds/live/environment.ts'
import { type LiveProviders, launchProviders } from '../sim/worlds/live/providers/index.ts'
import { exitCodes, named } from './errors.ts'

/** Serves the providers of a scenario, healthy: the first at `port`, each further one at the next; at free ports when it is 0. */
export async function providers(name: string, seed: number, port: number, signal: AbortSignal): Promise<number> {
  const { topology, paces } = named<Scenario>('scenario', scenarios, name)
  const specs = topology.providers.map(({ id }) => ({ id, pace: paces[id]! }))
  const ports = specs.map((_, n) => (port === 0 ? 0 : port + n))
  const served = await launch({ seed, providers: specs, ports, onEvents: () => {} })
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

const launch = (options: Parameters<typeof launchProviders>[0]): Promise<LiveProviders> =>
  launchProviders(options).catch(error => {
    const taken = /EADDRINUSE.*?(\d+)\s*$/.exec(String(error))?.[1]
    if (!taken) throw error
    throw new EnvironmentNotReady(`port ${taken} of 127.0.0.1 is taken: choose another with --port (0: any free ones)`)
  })
