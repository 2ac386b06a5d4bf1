/** What the faults that pull one lever have in common: its way back is the cure, and what it saw the receipt. */
import type { Millis } from '../../proxy/ports.ts'
import type { Levers, Pulled, Receipt } from '../levers.ts'
import type { Fault, FaultCall, Time } from './fault.ts'

export interface Pulling extends Pick<Fault, 'name' | 'claim' | 'needs' | 'aims' | 'takes'> {
  pull(levers: Levers, call: FaultCall, time: Time): Promise<Pulled>
}

export const pulling = ({ pull, ...about }: Pulling): Fault => ({
  ...about,
  async inject(levers, call, time) {
    const { undo, seen } = await pull(levers, call, time)
    let healed = false
    return {
      async heal() {
        await undo()
        healed = true
      },
      receipt: async () => (healed ? seen() : { landed: false, because: 'it has not healed yet' }),
    }
  },
})

/** Pulls again and again until it is undone, which also undoes what stands then. */
export function repeating(pull: () => Promise<Pulled>, time: Time, { forMs, everyMs }: Rhythm): Pulled {
  const pulls: Pulled[] = []
  let over = false
  let pulling: Promise<unknown> = Promise.resolve()
  const loop = async () => {
    while (!over) {
      pulling = pull().then(one => pulls.push(one))
      await pulling
      await time.sleep(forMs)
      await pulls.at(-1)!.undo()
      await time.sleep(Math.max(1, everyMs - forMs))
    }
  }
  // Told by the receipt; and it ends with the run, if nobody ends it before.
  let trouble = 'it never began'
  loop().catch(error => {
    trouble = String(error)
  })
  return {
    async undo() {
      over = true
      await pulling.catch(() => {})
      await Promise.all(pulls.map(({ undo }) => undo()))
    },
    async seen(): Promise<Receipt> {
      const all = await Promise.all(pulls.map(({ seen }) => seen()))
      const felt = all.filter(({ landed }) => landed)
      const { because } = felt[0] ?? all[0] ?? { because: trouble }
      return { landed: felt.length > 0, because: `felt ${felt.length} of ${all.length} times: ${because}` }
    },
  }
}

interface Rhythm {
  /** How long each lasts. */
  forMs: Millis
  /** From one to the next. */
  everyMs: Millis
}
