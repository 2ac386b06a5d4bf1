/** The clients, as the runner sees them. */
import type { RawEvent } from '../../../history.ts'
import { startPart } from '../part.ts'
import type { LoadPlay } from './main.ts'

export interface LiveLoad {
  /** Resolves when every request has ended. */
  play(order: LoadPlay): Promise<void>
  /** No new request goes to this instance until it is put back: they go to the next. Answers how many are open there. */
  takeOut(instance: number): Promise<number>
  putBack(instance: number): Promise<void>
  /** How many requests are open at this instance. */
  open(instance: number): Promise<number>
  stop(): Promise<void>
}

export function launchLoad(onEvents: (events: RawEvent[]) => void): LiveLoad {
  const part = startPart({ name: 'load', main: new URL('./main.ts', import.meta.url), onEvents })
  return {
    play: order => part.ask('play', order),
    takeOut: instance => part.ask('takeOut', instance),
    putBack: instance => part.ask('putBack', instance),
    open: instance => part.ask('open', instance),
    stop: () => part.stop(),
  }
}
