/** The proxy that is soaked: a process of its own, so that what it keeps is told from what its callers keep. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createLog } from '../../proxy/node/telemetry/log.ts'
import type { Provider } from '../../proxy/provider.ts'
import { type OneProxy, openOneProxy } from '../../sim/worlds/live/one-proxy.ts'
import { servePart } from '../../sim/worlds/live/part.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

export interface Memory {
  /** What is reachable: objects and buffers, after a full collection. */
  heldBytes: number
  residentBytes: number
}

servePart(() => {
  let proxy: OneProxy | undefined
  return {
    async start(providers: readonly (Partial<Provider> & Pick<Provider, 'id'>)[]) {
      const log = createLog({ level: 'info', instance: 'soaked', now: () => performance.now(), to: { write() {} } })
      const instance = { admin: { host: '127.0.0.1', port: 0 }, log }
      proxy = await openOneProxy({ providers, instance, keep: false })
      return proxy.url
    },
    async memory(): Promise<Memory> {
      collectGarbage()
      collectGarbage()
      const { heapUsed, external, rss } = process.memoryUsage()
      return { heldBytes: heapUsed + external, residentBytes: rss }
    },
    /** What is still held, of everything that may be. */
    async left() {
      const text = await (await fetch(`${proxy!.adminUrl}/metrics`)).text()
      const sum = (series: string) =>
        [...text.matchAll(new RegExp(`^stormproof_${series}(?:\\{.*\\})? (.*)$`, 'gm'))].reduce(
          (all, [, n]) => all + Number(n),
          0,
        )
      return {
        requests: sum('requests_in_flight'),
        held: sum('provider_held'),
        calls: sum('provider_in_flight'),
        releases: sum('outbox_releases'),
      }
    },
    stop: async () => proxy?.[Symbol.asyncDispose](),
  }
})
