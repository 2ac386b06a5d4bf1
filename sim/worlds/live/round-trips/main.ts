/** The bystander: a process that does nothing but measure round trips to the store. */
import { hostNow, servePart } from '../part.ts'
import { type Sampler, type SamplerOptions, startSampler } from './sampler.ts'

servePart(emit => {
  let sampler: Sampler | undefined
  return {
    async start(options: SamplerOptions) {
      sampler = await startSampler(options)
    },
    async stop() {
      const measured = sampler?.stop()
      if (measured) emit({ at: hostNow(), from: 'bystander', ...measured })
    },
  }
})
