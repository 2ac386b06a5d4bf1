/** The clients, as the runner sees them. */
import type { RawEvent } from '../../../history.ts'
import { startPart } from '../part.ts'
import type { LoadPlay } from './main.ts'

export interface LiveLoad {
  /** Resolves when every request has ended. */
  play(order: LoadPlay): Promise<void>
  stop(): Promise<void>
}

export function launchLoad(onEvents: (events: RawEvent[]) => void): LiveLoad {
  const part = startPart({ name: 'load', main: new URL('./main.ts', import.meta.url), onEvents })
  return { play: order => part.ask('play', order), stop: () => part.stop() }
}
