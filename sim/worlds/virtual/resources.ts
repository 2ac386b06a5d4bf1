/** What the virtual world needs of the machine, read once: the project's own scripts, and Lua. No clock, no chance, no network. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { sourceOf } from '../../../proxy/node/script-source.ts'
import type { Script } from '../../../proxy/tracker/tracker.ts'
import { toBytes } from '../../redis/bytes.ts'
import { LuaEngine } from '../../redis/lua/engine.ts'
import type { ScriptText } from '../../redis/script.ts'

/** The engine of wasmoon-lua5.1, compiled: each engine is an instance of it. */
export function luaModule(): WebAssembly.Module {
  const entry = createRequire(import.meta.url).resolve('wasmoon-lua5.1')
  return (module ??= new WebAssembly.Module(readFileSync(join(dirname(entry), 'liblua5.1.wasm'))))
}
let module: WebAssembly.Module | undefined

/** One engine serves all worlds of a process, one after the other. */
export const luaEngine = (): LuaEngine => (engine ??= new LuaEngine(luaModule()))
let engine: LuaEngine | undefined

/** SHA-1 of a byte string, in lower-case hexadecimal. */
export const sha1 = (bytes: string): string => createHash('sha1').update(bytes, 'latin1').digest('hex')

/** By name: a tracker's scripts do not change while a process runs. */
export function scriptOf(script: Script): ScriptText {
  let known = texts.get(script.name)
  if (!known) {
    const text = toBytes(sourceOf(script))
    texts.set(script.name, (known = { text, sha: sha1(text) }))
  }
  return known
}
const texts = new Map<string, ScriptText>()
