import type { Reply } from '../reply.ts'
import { comparable } from './excluded.ts'

/** A reply as it stands, with its type; integers of either kind are the same. */
export const text = (reply: Reply): string =>
  JSON.stringify(reply, (_, part) => {
    if (typeof part === 'bigint' || typeof part === 'number') return `:${BigInt(part)}`
    return typeof part === 'string' ? `$${comparable(part)}` : part
  })
