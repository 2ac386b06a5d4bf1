/** The first line of a script, `#!lua flags=…`: what the script may do (redis.io/docs/interact/programmability/lua-api, "Script flags"). */
import { RedisError } from './reply.ts'

export type ScriptFlag = 'no-writes' | 'allow-oom' | 'allow-stale' | 'no-cluster' | 'allow-cross-slot-keys'

const known = ['no-writes', 'allow-oom', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys']

/** Undefined without a shebang: such a script may do everything until it is caught. Quotes are not understood. Throws what Redis says of a wrong one. */
export function flagsOf(text: string): ReadonlySet<ScriptFlag> | undefined {
  if (!text.startsWith('#!')) return undefined
  const end = text.indexOf('\n')
  if (end < 0) throw new RedisError('ERR Invalid script shebang')
  const [engine, ...options] = text.slice(0, end).split(/\s+/).filter(Boolean)
  if (engine !== '#!lua') throw new RedisError(`ERR Unexpected engine in script shebang: ${engine}`)
  const flags = options.flatMap(option => {
    if (!option.startsWith('flags=')) throw new RedisError(`ERR Unknown lua shebang option: ${option}`)
    return option === 'flags=' ? [] : option.slice('flags='.length).split(',')
  })
  const wrong = flags.find(flag => !known.includes(flag))
  if (wrong !== undefined) throw new RedisError(`ERR Unexpected flag in script shebang: ${wrong}`)
  return new Set(flags as ScriptFlag[])
}
