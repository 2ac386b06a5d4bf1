/** What the faults that make a provider answer errors have in common: the lever, and errors counted at the provider as proof. */
import type { Behaviour } from '../providers/model.ts'
import type { Fault } from './fault.ts'

export interface FailingParameters {
  ratio: number
  status: number
  afterMs: number
}

export const failing = (
  name: string,
  claim: string,
  behaviourOf: (parameters: FailingParameters) => Behaviour,
): Fault => ({
  name,
  claim,
  needs: ['provider'],
  aims: ['provider'],
  async inject(levers, { provider = '', ratio = 1, status = 500, afterMs = 20 }) {
    const lever = levers.provider(provider)
    const errors = async () => (await lever.answered()).error ?? 0
    const before = await errors()
    const undo = await lever.behave(
      behaviourOf({ ratio: Number(ratio), status: Number(status), afterMs: Number(afterMs) }),
    )
    let during: number | undefined
    return {
      async heal() {
        await undo()
        // A second heal must not count what came after the first.
        during ??= (await errors()) - before
      },
      receipt: async () => ({
        landed: during !== undefined && during > 0,
        because:
          during === undefined ? 'it has not healed yet' : `${provider} answered ${during} attempts with an error`,
      }),
    }
  },
})
