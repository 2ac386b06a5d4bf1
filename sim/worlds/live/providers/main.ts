/** The fake providers' process. */
import type { Behaviour, Pace } from '../../../providers/model.ts'
import { servePart } from '../part.ts'
import { type ServedProviders, serveProviders } from './serve.ts'

export interface ProvidersStart {
  seed: number
  providers: readonly { id: string; pace: Pace }[]
}

servePart(emit => {
  let served: ServedProviders | undefined
  const undos: (() => void)[] = []
  return {
    async start(options: ProvidersStart) {
      served = await serveProviders({ ...options, emit })
      return served.ports
    },
    behave: async ({ provider, behaviour }: { provider: string; behaviour: Behaviour }) =>
      undos.push(served!.behaviours(provider).behave(behaviour)) - 1,
    undo: async (handle: number) => undos[handle]!(),
    counts: async (provider: string) => served!.behaviours(provider).counts(),
    stop: async () => served?.stop(),
  }
})
