/** What the faults that change a provider's behaviour have in common: the lever, and what the provider counted as proof. */
import type { Behaviour, Shown } from '../providers/model.ts'
import type { Fault } from './fault.ts'
import { numberOf, providerOf } from './parameters.ts'

/** A parameter of the call, or what it usually is. */
export type Given = (parameter: string, usual: number) => number

export interface Misbehaviour {
  name: string
  /** One line for `stormproof list`. */
  claim: string
  /** What an attempt must have been shown, and how a receipt says so. */
  shows: Shown
  says: string
  behaviour(given: Given): Behaviour
}

/** `{ provider, ratio }`: every attempt is treated so, or a share of them, drawn one by one. */
export const misbehaving = ({ name, claim, shows, says, behaviour }: Misbehaviour): Fault => ({
  name,
  claim,
  needs: ['provider'],
  aims: ['provider'],
  async inject(levers, call) {
    const provider = providerOf(call)
    const given: Given = (parameter, usual) => numberOf(call, parameter, usual)
    const of = behaviour(given)
    const ratio = given('ratio', 1)
    const lever = levers.provider(provider)
    const affected = async () => (await lever.answered())[shows] ?? 0
    const before = await affected()
    const undo = await lever.behave(ratio < 1 && of.kind !== 'rejects' ? { kind: 'mixed', ratio, of } : of)
    let during: number | undefined
    return {
      async heal() {
        await undo()
        // A second heal must not count what came after the first.
        during ??= (await affected()) - before
      },
      receipt: async () => ({
        landed: during !== undefined && during > 0,
        because: during === undefined ? 'it has not healed yet' : `at ${provider} ${during} attempts ${says}`,
      }),
    }
  },
})
