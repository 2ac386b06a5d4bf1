/** The fake providers, as the runner sees them. */
import type { RawEvent } from '../../../history.ts'
import type { ProviderLever } from '../../../levers.ts'
import { freePorts } from '../cluster/ports.ts'
import { startPart } from '../part.ts'
import type { ProvidersStart } from './main.ts'

export interface LiveProviders {
  urls: Readonly<Record<string, string>>
  lever(id: string): ProviderLever
  stop(): Promise<void>
}

export async function launchProviders(
  options: ProvidersStart & { onEvents(events: RawEvent[]): void },
): Promise<LiveProviders> {
  const { onEvents, ...start } = options
  const part = startPart({ name: 'providers', main: new URL('./main.ts', import.meta.url), onEvents })
  try {
    // Below the ephemeral range: nobody takes the address of a provider that does not listen for a while.
    const free = await freePorts(start.providers.length)
    const ports = await part.ask<Record<string, number>>('start', { ports: free, ...start })
    return {
      urls: Object.fromEntries(Object.entries(ports).map(([id, port]) => [id, `http://127.0.0.1:${port}`])),
      lever: provider => ({
        async behave(behaviour) {
          const handle = await part.ask<number>('behave', { provider, behaviour })
          return () => part.ask('undo', handle)
        },
        answered: () => part.ask('answered', provider),
      }),
      stop: () => part.stop(),
    }
  } catch (error) {
    await part.stop()
    throw error
  }
}
