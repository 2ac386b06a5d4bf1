/** Whether a fault's call names what it must, and whether that exists. */
import type { Topology } from '../topology.ts'
import type { FaultCall } from './fault.ts'
import * as faults from './index.ts'

/** What is wrong with the aim, in a few words; undefined where nothing is. */
export function misaimed(call: FaultCall, { providers, instances }: Topology): string | undefined {
  const fault = Object.values(faults).find(({ name }) => name === call.fault)
  if (!fault) return `no fault "${call.fault}"`
  const { provider, instance } = call
  const missing = fault.aims.find(aim => call[aim] === undefined)
  if (missing) return `${call.fault} must name ${missing === 'provider' ? 'a provider' : 'an instance'}`
  if (provider !== undefined && !providers.some(({ id }) => id === provider))
    return `no provider "${provider}" in the topology`
  if (instance !== undefined && !(Number.isInteger(instance) && instance >= 0 && instance < instances))
    return `no instance ${instance} of ${instances}, counted from 0`
  return undefined
}
