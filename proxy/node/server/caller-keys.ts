/** Who may call: keys compared by digest in constant time. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Whether a request presents one of these keys, by `x-api-key` or as a bearer token; an empty list lets everybody in. */
export function callerKeys(keys: readonly string[]): (incoming: IncomingMessage) => boolean {
  const digests = keys.map(digest)
  return incoming => {
    if (digests.length === 0) return true
    const given = digest(keyOf(incoming))
    return digests.reduce((found, known) => timingSafeEqual(known, given) || found, false)
  }
}

/** Equal lengths, so that the comparison takes the same time whatever was sent. */
const digest = (key: string) => hash('sha256', key, 'buffer')

function keyOf({ headers }: IncomingMessage): string {
  const own = headers['x-api-key']
  if (typeof own === 'string' && own !== '') return own
  return /^bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}
