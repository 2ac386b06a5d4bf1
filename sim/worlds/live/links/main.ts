/** The relays' process: one relay for each way between a proxy and a node. */
import type { Millis } from '../../../../proxy/ports.ts'
import { type Address, nameOf } from '../cluster/at-node.ts'
import { servePart } from '../part.ts'
import { openRelay, type Relay } from './relay.ts'
import { type Hit, Way } from './way.ts'

export interface LinksStart {
  nodes: readonly Address[]
  instances: number
}

/** By node, `host:port`: where the relay in front of it listens. One map for each instance. */
export type NatMap = Record<string, Address>

export interface Pull {
  kind: 'delay' | 'cut' | 'silence'
  ms: Millis
  /** All where it is not named. */
  instance: number | undefined
  node: string | undefined
}

const counted = { delay: 'delayed', cut: 'cut', silence: 'held' } as const satisfies Record<Pull['kind'], keyof Hit>

servePart(() => {
  const ways: { instance: number; node: string; way: Way; relay: Relay }[] = []
  const standing: (() => number)[] = []
  return {
    async start({ nodes, instances }: LinksStart): Promise<NatMap[]> {
      for (let instance = 0; instance < instances; instance++)
        for (const node of nodes) {
          const way = new Way()
          ways.push({ instance, node: nameOf(node), way, relay: await openRelay(node, way) })
        }
      return Array.from({ length: instances }, (_, n) =>
        Object.fromEntries(
          ways
            .filter(({ instance }) => instance === n)
            .map(({ node, relay: { port } }) => [node, { host: '127.0.0.1', port }]),
        ),
      )
    },
    /** Answers a handle for `undo`. */
    async pull({ kind, ms, instance, node }: Pull): Promise<number> {
      const aimed = ways.filter(
        way => (instance === undefined || way.instance === instance) && (node === undefined || way.node === node),
      )
      const hits = () => aimed.reduce((sum, { way }) => sum + way.hit[counted[kind]], 0)
      const before = hits()
      const ends = aimed.map(({ way }) => (kind === 'delay' ? way.delay(ms) : way[kind]()))
      standing.push(() => {
        const during = hits() - before
        for (const end of ends) end()
        return during
      })
      return standing.length - 1
    },
    /** Answers how many messages or connections were hit. */
    undo: async (handle: number) => standing[handle]!(),
    async stop() {
      await Promise.all(ways.map(({ relay }) => relay.close()))
    },
  }
})
