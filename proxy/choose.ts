/** In which order to try the providers: by priority, and among equals drawn by weight. */
import type { Random } from './ports.ts'
import type { Provider } from './provider.ts'

/** Weighted sampling without replacement (Efraimidis and Spirakis, 2006): each draws u^(1/weight), the largest comes first. */
export function order(providers: readonly Provider[], random: Random): Provider[] {
  return providers
    .map(provider => ({ provider, draw: random.next() ** (1 / provider.weight) }))
    .sort((a, b) => a.provider.priority - b.provider.priority || b.draw - a.draw)
    .map(({ provider }) => provider)
}
