/** The two halves of a pulled lever, in either world. */
import type { Pulled, Receipt } from '../levers.ts'

export const receipt = (landed: boolean, because: string): Receipt => ({ landed, because })

/** `undo` is called once, whoever asks how often. */
export function pulled(undo: () => void | Promise<void>, seen: () => Receipt | Promise<Receipt>): Pulled {
  let undone: Promise<void> | undefined
  return {
    undo: () => (undone ??= Promise.resolve(undo())),
    seen: async () => seen(),
  }
}

/** It could not be pulled: nothing to undo, and why. */
export const notPulled = (because: string): Pulled =>
  pulled(
    () => {},
    () => receipt(false, because),
  )
