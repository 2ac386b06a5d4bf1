/** The ways between proxies and nodes, as the runner sees them. */
import { startPart } from '../part.ts'
import type { LinksStart, NatMap, Pull } from './main.ts'

export interface LiveLinks {
  /** For each instance. */
  natMaps: readonly NatMap[]
  /** Answers the way back, which answers how many messages or connections were hit. */
  pull(what: Pull): Promise<() => Promise<number>>
  stop(): Promise<void>
}

export async function launchLinks(start: LinksStart): Promise<LiveLinks> {
  const part = startPart({ name: 'links', main: new URL('./main.ts', import.meta.url) })
  try {
    return {
      natMaps: await part.ask<NatMap[]>('start', start),
      async pull(what) {
        const handle = await part.ask<number>('pull', what)
        return () => part.ask<number>('undo', handle)
      },
      stop: () => part.stop(),
    }
  } catch (error) {
    await part.stop()
    throw error
  }
}
