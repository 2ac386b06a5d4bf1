/** Whether a virtual world is as it should be, part by part: what a fault changes, its cure must put back. */
import type { Parts } from './levers/index.ts'

/** Comparable with that of another moment. Who is primary, and where a slot is, is not part of it: both may change for good. */
export const stateOf = ({ cluster, network, providers, instances }: Parts) => ({
  shards: cluster.shards.map(({ primary, replica, whole }) => ({
    whole,
    roles: [primary.node.role, replica.node.role],
    states: [primary.state, replica.state],
    full: [primary.node.full, replica.node.full],
    migrations: primary.node.migrations.length + replica.node.migrations.length,
  })),
  links: network.clean ? 'clean' : 'hurt',
  providers: providers.ids.map(id => ({ id, ...providers.behaviours(id).now() })),
  instances: instances.map(({ name, process, inRotation, clockErrorMs }) => ({
    name,
    alive: process.alive,
    frozen: process.frozen,
    inRotation,
    clockErrorMs,
  })),
})
