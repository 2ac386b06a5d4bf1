/** The tap's process: its own, so that the storm cannot delay it and it cannot delay the storm. */
import { servePart } from '../part.ts'
import { openTap, type Tap, type TapOptions } from './tap.ts'

servePart(emit => {
  let tap: Tap | undefined
  return {
    async start(options: Omit<TapOptions, 'emit'>) {
      tap = await openTap({ ...options, emit })
    },
    census: async () => tap!.census(),
    sync: async () => tap!.sync(),
    stop: async () => tap?.close(),
  }
})
