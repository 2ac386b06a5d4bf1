/** Proxy instances, as the runner sees them. */
import type { RawEvent } from '../../../history.ts'
import { type Part, startPart } from '../part.ts'
import type { ProxyStart } from './main.ts'

export interface LiveProxy {
  url: string
  part: Part
}

/** Starts one instance; resolves when it listens and has reached the store. */
export async function launchProxy(start: ProxyStart, onEvents: (events: RawEvent[]) => void): Promise<LiveProxy> {
  const part = startPart({ name: start.config.instance, main: new URL('./main.ts', import.meta.url), onEvents })
  try {
    return { url: await part.ask<string>('start', start), part }
  } catch (error) {
    await part.stop()
    throw error
  }
}
