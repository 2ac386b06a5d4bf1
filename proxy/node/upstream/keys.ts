/** The providers' own keys: set upstream in the provider's way, and nowhere else. */
import type { Shape } from '../../provider.ts'

export interface ProviderKey {
  key: string
  /** How the provider wants it; undefined: as the request's protocol has it. */
  auth?: 'x-api-key' | 'bearer' | undefined
}

const usual = { anthropic: 'x-api-key', openai: 'bearer' } as const

/** The header that carries a key. */
export const keyHeader = ({ key, auth }: ProviderKey, shape: Shape): Record<string, string> =>
  (auth ?? usual[shape]) === 'bearer' ? { authorization: `Bearer ${key}` } : { 'x-api-key': key }
