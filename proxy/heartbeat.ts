/** Renews the live leases of every provider, and sweeps: one beat a provider and heartbeat, from boot until the signal fires. */
import type { ProxyConfig } from './config.ts'
import type { Leases } from './leases.ts'
import type { Ports } from './ports.ts'
import type { Provider } from './provider.ts'
import type { Reach } from './reach.ts'

export interface BeatParts {
  leases: Leases
  reach: Reach
  /** An operator has ended the session of this member: nothing more of it may run here. */
  endSession(member: string): void
  /** The lease of this attempt can no longer be vouched for. */
  fence(token: string): void
}

/** The counts are audited at boot, and again so many beats later: once a lease. */
const beatsPerAudit = 4

/** Resolves when every loop has ended. The first beat of each provider creates its keys before its first request. */
export async function beat(config: ProxyConfig, ports: Ports, parts: BeatParts, signal: AbortSignal): Promise<void> {
  await Promise.all(config.providers.map(provider => beatFor(provider, ports, parts, signal)))
}

async function beatFor(provider: Provider, ports: Ports, parts: BeatParts, signal: AbortSignal) {
  const { clock, chance, emit } = ports
  const { leases, reach, fence } = parts
  const random = chance.of('beat', provider.id)
  const trouble = (doing: 'renew' | 'audit', error: unknown) =>
    emit({ kind: 'store-trouble', doing, provider: provider.id, because: String(error) })
  let auditing: Promise<void> | undefined
  let beatsToAudit = 0
  while (!signal.aborted) {
    let until = clock.now() + provider.heartbeatMs * (0.8 + 0.2 * random.next())
    for (const { token } of leases.lapsed(provider, clock.now())) {
      emit({ kind: 'unleased', provider: provider.id, token })
      fence(token)
    }
    try {
      await renew(provider, ports, parts)
      reach.answered(provider.id)
      // Beside the beats: where many are to go it outlasts a lease that nobody would renew meanwhile.
      if (beatsToAudit-- <= 0 && !auditing) {
        beatsToAudit = beatsPerAudit - 1
        auditing = audit(provider, ports)
          .catch(error => {
            beatsToAudit = 0
            trouble('audit', error)
          })
          .finally(() => void (auditing = undefined))
      }
    } catch (error) {
      reach.failed(provider.id)
      trouble('renew', error)
      until = clock.now() + (provider.heartbeatMs / 8) * random.next()
    }
    // From the beat's begin: whoever was admitted while one waited for a store that was away is in the next, and that is due soon.
    await clock.sleep(until - clock.now(), signal).catch(() => {})
  }
  await auditing
}

async function renew(provider: Provider, { clock, tracker, emit }: Ports, { leases, endSession }: BeatParts) {
  const holds = leases.at(provider)
  const sentAt = clock.now()
  const { reinserted, terminated = [] } = await tracker.renew(provider, holds)
  leases.renewed(holds, sentAt)
  if (reinserted.length) emit({ kind: 'reinserted', provider: provider.id, tokens: reinserted })
  for (const { member, token } of holds) if (terminated.includes(token)) endSession(member)
}

/** Older versions write to the same set, and so may hands: what they left would count for ever. */
async function audit(provider: Provider, { tracker, emit }: Ports) {
  const report = await tracker.operator?.audit(provider)
  const [removed, mended] = [report?.membersRemoved.length ?? 0, report?.countsMended.length ?? 0]
  if (removed + mended > 0) emit({ kind: 'audited', provider: provider.id, removed, mended })
}
