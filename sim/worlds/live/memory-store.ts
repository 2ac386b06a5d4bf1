/** A store without Redis: the virtual node on real time, in this process. It runs the same scripts. */
import type { Store } from '../../../proxy/tracker/tracker.ts'
import { toBytes } from '../../redis/bytes.ts'
import { plainValue, ReplyError } from '../../redis/client.ts'
import { VirtualNode } from '../../redis/node.ts'
import { isError } from '../../redis/reply.ts'
import { luaEngine, scriptOf, sha1 } from '../virtual/resources.ts'

export interface MemoryStore extends Store {
  /** A sorted set's members; none for a key that is not there. */
  membersOf(key: string): string[]
  /** Calls reject from now on; the answer ends it. */
  goAway(): () => void
}

export function memoryStore(): MemoryStore {
  const node = new VirtualNode({ address: 'memory:1', engine: luaEngine(), sha1, now: Date.now })
  let away = 0
  /** Byte strings, as a socket would carry them. */
  const execute = (...args: string[]) => {
    const reply = node.execute(args)
    if (typeof reply === 'object' && reply !== null && isError(reply)) throw new ReplyError(reply.err)
    return plainValue(reply)
  }
  return {
    async run(script, keys, args) {
      if (away) throw new Error('Connection is closed.')
      return execute(
        'EVAL',
        scriptOf(script).text,
        String(keys.length),
        ...keys.map(toBytes),
        ...args.map(arg => toBytes(String(arg))),
      )
    },
    membersOf: key => execute('ZRANGE', toBytes(key), '0', '-1') as string[],
    goAway() {
      away++
      return () => void away--
    },
  }
}
