/** A lone Redis server, as the runner sees it: the process lives below a keeper that cleans up after a runner that died. */
import { startPart } from '../part.ts'
import type { LoneServerOptions } from './server.ts'
import { openWire, type Wire } from './wire.ts'

export interface LoneRedis {
  open(): Promise<Wire>
  stop(): Promise<void>
}

export async function launchLoneServer(options: LoneServerOptions): Promise<LoneRedis> {
  const keeper = startPart({ name: 'lone server', main: new URL('./main.ts', import.meta.url) })
  try {
    const path = await keeper.ask<string>('start', options)
    return { open: () => openWire({ path }), stop: () => keeper.stop() }
  } catch (error) {
    await keeper.stop()
    throw error
  }
}
