import type { ProviderLever } from '../../../levers.ts'
import type { Parts } from './index.ts'

export function providerLever({ providers }: Parts, id: string): ProviderLever {
  const behaviours = providers.behaviours(id)
  return {
    async behave(behaviour) {
      const undo = behaviours.behave(behaviour)
      return async () => undo()
    },
    answered: async () => behaviours.counts(),
  }
}
