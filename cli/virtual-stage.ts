/** The stage of the virtual world: nothing to start, nothing to clear away. */
import { openVirtual } from '../sim/worlds/virtual/index.ts'
import { luaEngine, scriptOf, sha1 } from '../sim/worlds/virtual/resources.ts'
import type { Stage } from './stage.ts'

/** Once the signal has fired, playing rejects with its reason. */
export async function openVirtualStage(signal?: AbortSignal): Promise<Stage> {
  const resources = { engine: luaEngine(), sha1, scriptOf }
  // A virtual run keeps this thread busy: Ctrl-C and progress are let in between.
  const breathe = (next: () => void) => void setImmediate(next)
  return {
    world: 'virtual',
    store: 'virtual redis 7.0',
    open: (plan, tracker, tell) => openVirtual({ plan, tracker, resources, tell, breathe, ...(signal && { signal }) }),
  }
}
