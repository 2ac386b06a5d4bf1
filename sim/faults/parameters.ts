/** Parameters of a call, or what is wrong with them. */
import type { FaultCall } from './fault.ts'

/** `usual` where the call does not name it. Throws where it is no finite number of at least `least`. */
export function numberOf(call: FaultCall, name: string, usual: number, least = 0): number {
  const given = call[name] ?? usual
  if (typeof given === 'number' && Number.isFinite(given) && given >= least) return given
  const bound = least === Number.NEGATIVE_INFINITY ? '' : ` of at least ${least}`
  throw new Error(
    `${call.fault}: ${name} must be a number${bound}, not ${typeof given === 'string' ? `"${given}"` : given}`,
  )
}

/** Throws where the call does not name it. */
export function textOf(call: FaultCall, name: string): string {
  const given = call[name]
  if (typeof given === 'string' && given !== '') return given
  throw new Error(`${call.fault} must name a ${name}`)
}

/** The provider that a fault is aimed at: its `aims` say that there is one. */
export const providerOf = (call: FaultCall): string => textOf(call, 'provider')

export const instanceOf = (call: FaultCall): number => {
  const { instance } = call
  if (instance === undefined) throw new Error(`${call.fault} must name an instance`)
  return instance
}
