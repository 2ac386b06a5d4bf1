/** Renews the live leases of every provider, and sweeps: one beat a provider and heartbeat, from boot until the signal fires. */
import type { Admission } from './admission.ts'
import type { ProxyConfig } from './config.ts'
import type { Ports } from './ports.ts'
import type { Provider } from './provider.ts'

/** Resolves when every loop has ended. The first beat of each provider creates its keys before its first request. */
export async function beat(
  config: ProxyConfig,
  ports: Ports,
  admission: Admission,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(config.providers.map(provider => beatFor(provider, ports, admission, signal)))
}

async function beatFor(provider: Provider, ports: Ports, admission: Admission, signal: AbortSignal) {
  const { clock, chance, tracker, emit } = ports
  const random = chance.of('beat', provider.id)
  while (!signal.aborted) {
    let wait = provider.heartbeatMs * (0.8 + 0.2 * random.next())
    try {
      const { reinserted } = await tracker.renew(provider, admission.holdsAt(provider))
      if (reinserted.length) emit({ kind: 'reinserted', provider: provider.id, tokens: reinserted })
    } catch (error) {
      emit({ kind: 'store-trouble', doing: 'renew', provider: provider.id, because: String(error) })
      wait = (provider.heartbeatMs / 8) * random.next()
    }
    await clock.sleep(wait, signal).catch(() => {})
  }
}
