/** The fake providers' process. */
import type { Behaviour } from '../../../providers/model.ts'
import { servePart } from '../part.ts'
import { type ServedProviders, type ServeOptions, serveProviders } from './serve.ts'

export type ProvidersStart = Omit<ServeOptions, 'emit'>

servePart(emit => {
  let served: ServedProviders | undefined
  const undos: (() => Promise<void>)[] = []
  const started = () => {
    if (!served) throw new Error('not started')
    return served
  }
  return {
    async start(options: ProvidersStart) {
      served = await serveProviders({ ...options, emit })
      return served.ports
    },
    /** Answers a handle for `undo`. */
    behave: async ({ provider, behaviour }: { provider: string; behaviour: Behaviour }) =>
      undos.push(await started().behave(provider, behaviour)) - 1,
    undo: async (handle: number) => undos[handle]?.(),
    answered: async (provider: string) => started().behaviours(provider).counts(),
    stop: async () => served?.stop(),
  }
})
