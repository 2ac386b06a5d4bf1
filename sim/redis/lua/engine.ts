/**
 * Lua 5.1, the dialect of Redis, in WebAssembly: the `liblua5.1.wasm` of wasmoon-lua5.1, driven through Lua's own C API
 * (www.lua.org/manual/5.1/manual.html#3). The package's convenience API costs ten times more and converts differently.
 *
 * Scripts of simple Lua run as JavaScript (`translate.ts`), and here what is beyond that.
 *
 * One engine serves any number of nodes: a script gets its keyspace with each call. Missing of what Redis offers scripts:
 * cjson, cmsgpack, struct, bit, math.random, and the RESP3 types.
 */
import { formatDouble } from '../numbers.ts'
import { isError, oneLine, RedisError, type Reply, trimmedLine } from '../reply.ts'
import { boot } from './boot.ts'
import { handover, integerOf, replyOf } from './kit.ts'
import { Talk } from './talk.ts'
import { type Translated, translate } from './translate.ts'

/** A compiled script, for the engine that compiled it. */
export interface CompiledScript {
  readonly sha: string
  readonly translated: Translated | undefined
  readonly reference: number
  /** What it was called with last, kept alive by a table of Lua's: most of it is the same the next time. */
  readonly held: { reference: number; texts: string[]; addresses: number[] }
}

/** What `redis.call` does. Throws a `RedisError` for an error reply. */
export type Call = (args: string[]) => Reply

/** The C API, as far as it is used; pointers are numbers. */
interface Api {
  memory: WebAssembly.Memory
  __indirect_function_table: WebAssembly.Table
  __wasm_call_ctors(): void
  emscripten_stack_init?(): void
  stackSave(): number
  stackRestore(pointer: number): void
  setThrew(threw: number, value: number): void
  malloc(size: number): number
  free(pointer: number): void
  luaL_newstate(): number
  luaL_loadbuffer(state: number, text: number, size: number, name: number): number
  luaL_ref(state: number, table: number): number
  lua_pcall(state: number, args: number, results: number, handler: number): number
  lua_call(state: number, args: number, results: number): void
  lua_error(state: number): number
  lua_gc(state: number, what: number, data: number): number
  lua_checkstack(state: number, more: number): number
  lua_gettop(state: number): number
  lua_settop(state: number, top: number): void
  lua_insert(state: number, index: number): void
  lua_remove(state: number, index: number): void
  lua_type(state: number, index: number): number
  lua_tonumber(state: number, index: number): number
  lua_isnumber(state: number, index: number): number
  lua_isstring(state: number, index: number): number
  lua_toboolean(state: number, index: number): number
  lua_tolstring(state: number, index: number, size: number): number
  lua_pushlstring(state: number, text: number, size: number): void
  lua_pushnumber(state: number, value: number): void
  lua_pushboolean(state: number, value: number): void
  lua_pushcclosure(state: number, slot: number, upvalues: number): void
  lua_tocfunction(state: number, index: number): number
  lua_replace(state: number, index: number): void
  lua_createtable(state: number, items: number, fields: number): void
  lua_gettable(state: number, index: number): void
  lua_rawget(state: number, index: number): void
  lua_rawset(state: number, index: number): void
  lua_rawgeti(state: number, index: number, n: number): void
  lua_rawseti(state: number, index: number, n: number): void
  luaopen_base: CFunction
  luaopen_string: CFunction
  luaopen_table: CFunction
  luaopen_math: CFunction
  luaopen_debug: CFunction
}
type CFunction = (state: number) => number

const registry = -10_000
const gcSetPause = 6
/** The next collection begins when memory has grown to so many percent: nearly all of it is what the last scripts left. */
const gcPause = 500
const globals = -10_002
const allResults = -1
const type = { nil: 0, boolean: 1, number: 3, string: 4, table: 5 } as const

/**
 * Where Lua 5.1 keeps things on a 32-bit machine (lobject.h, lstate.h): of a state its stack's `base` and `top`, of a value its
 * size and its `type`, of a string its `hash`, its `length` and its `text`, of a table its `array`. Asking through the API takes ten calls for a
 * command's arguments.
 */
const layout = { top: 8, base: 12, value: 16, type: 8, hash: 8, length: 12, text: 16, array: 12 } as const

/** So many strings that Lua said last are remembered. A power of two. */
const remembered = 4_096

/** What Node's `toString('latin1')` and `write` call, without their overhead: documented by neither types nor manual, and unchanged since Node 6. */
interface Latin1Buffer extends Buffer<ArrayBuffer> {
  latin1Slice(from: number, to: number): string
  latin1Write(text: string, at: number): number
}

/** Thrown through the frames of the host where C would longjmp. */
class LongJump {}

export class LuaEngine {
  /** How often real Lua has taken over from a translated script. */
  handedOver = 0
  readonly #api: Api
  readonly #main: number
  /** The thread that runs: a script may make coroutines. */
  #state: number
  /** The memory of the engine, as it is now: it moves when it grows. */
  #bytes = Buffer.alloc(0) as Latin1Buffer
  #words!: DataView
  #scratch: number
  #scratchSize = 1 << 16
  /** Strings that come again and again: anchored in Lua for ever. */
  readonly #references = new Map<string, number>()
  /** As long as Lua keeps a string for us its address stands for it: here of those that it keeps for ever, */
  readonly #anchored = { addresses: new Uint32Array(remembered), texts: new Array<string>(remembered).fill('') }
  /** and here of scripts' arguments. Whoever lets go of one takes its address out, even where another still keeps it. */
  readonly #held = { addresses: new Uint32Array(remembered), texts: new Array<string>(remembered).fill('') }
  /** By Lua's own hash: a script says most strings several times, and the next one says them again. Each is made once, and so hashed once. */
  readonly #said = new Array<string>(remembered).fill('')
  readonly #scripts = new Map<string, CompiledScript>()
  readonly #translates: boolean
  readonly #handler: number
  #call: Call = () => null

  /** Takes about 4 ms. `translates`: scripts of simple Lua run as JavaScript, with the same replies and calls. */
  constructor(module: WebAssembly.Module, { translates = true } = {}) {
    this.#translates = translates
    this.#api = new WebAssembly.Instance(module, this.#imports(module)).exports as unknown as Api
    const api = this.#api
    api.emscripten_stack_init?.()
    api.__wasm_call_ctors()
    this.#state = this.#main = api.luaL_newstate()
    this.#scratch = api.malloc(this.#scratchSize)
    api.lua_gc(this.#state, gcSetPause, gcPause)
    const libraries = {
      '': api.luaopen_base,
      string: api.luaopen_string,
      table: api.luaopen_table,
      math: api.luaopen_math,
      debug: api.luaopen_debug,
    }
    for (const [name, open] of Object.entries(libraries)) {
      api.lua_pushcclosure(this.#state, this.#slotOf(open), 0)
      this.#pushText(name)
      api.lua_call(this.#state, 1, 0)
    }
    this.#widenFormat()
    this.#hastenToNumber()
    api.lua_createtable(this.#state, 0, 4)
    for (const [name, raises] of [
      ['call', true],
      ['pcall', false],
    ] as const) {
      this.#pushText(name)
      api.lua_pushcclosure(this.#state, this.#slotOf(this.#function(() => this.#redisCall(raises))), 0)
      api.lua_rawset(this.#state, -3)
    }
    this.#pushText('redis')
    api.lua_insert(this.#state, -2)
    api.lua_rawset(this.#state, globals)
    this.#pushText('pcall')
    api.lua_pushcclosure(this.#state, this.#slotOf(this.#function(() => this.#pcall())), 0)
    api.lua_rawset(this.#state, globals)
    for (const word of ['KEYS', 'ARGV', 'err', 'ok', ...frequent]) this.#intern(word)
    // The boot script answers the error handler that every call uses.
    this.#load(boot, '@boot')
    if (api.lua_pcall(this.#state, 0, 1, 0)) throw new Error(`the Lua engine does not start: ${this.#textAt(-1)}`)
    this.#handler = api.luaL_ref(this.#state, registry)
  }

  /** Compiles once for each hash. Throws a `RedisError` in Redis's words when the text is no Lua. */
  compile(text: string, sha: string): CompiledScript {
    const known = this.#scripts.get(sha)
    if (known) return known
    // The shebang line must go, the line numbers stay.
    const code = text.startsWith('#!') ? text.slice(text.indexOf('\n') >= 0 ? text.indexOf('\n') : text.length) : text
    this.#load(code, '@user_script')
    const reference = this.#api.luaL_ref(this.#state, registry)
    this.#api.lua_createtable(this.#state, 0, 0)
    const held = { reference: this.#api.luaL_ref(this.#state, registry), texts: [], addresses: [] }
    const script = { sha, reference, held, translated: this.#translates ? translate(code) : undefined }
    this.#scripts.set(sha, script)
    return script
  }

  /** Runs to the end. Errors are error replies, with Redis's text; only a fault of ours throws. */
  run(script: CompiledScript, keys: readonly string[], args: readonly string[], call: Call): Reply {
    if (!script.translated) return this.#run(script, keys, args, call)
    const talk = new Talk(call)
    try {
      return replyOf(script.translated(keys, args, talk.ask))
    } catch (thrown) {
      // A list that holds itself has no end.
      if (thrown !== handover && !(thrown instanceof RangeError)) throw thrown
      this.handedOver++
      return this.#run(script, keys, args, words => talk.again(words))
    }
  }

  #run(script: CompiledScript, keys: readonly string[], args: readonly string[], call: Call): Reply {
    const api = this.#api
    const state = (this.#state = this.#main)
    this.#call = call
    api.lua_settop(state, 0)
    api.lua_rawgeti(state, registry, this.#handler)
    this.#setKeys(keys)
    this.#setArguments(args, script)
    api.lua_rawgeti(state, registry, script.reference)
    const failed = api.lua_pcall(state, 0, 1, 1)
    this.#state = state
    const reply = failed ? this.#failure(script) : this.#replyAt(2)
    api.lua_settop(state, 0)
    return reply
  }

  /** The table that the error handler left: what went wrong, and where. */
  #failure({ sha }: CompiledScript): Reply {
    const fields: Partial<Record<string, string>> = {}
    for (const name of ['err', 'source', 'line']) {
      this.#pushText(name)
      this.#api.lua_rawget(this.#state, 2)
      if (this.#api.lua_type(this.#state, -1) !== type.nil) fields[name] = this.#textAt(-1)
      this.#api.lua_settop(this.#state, -2)
    }
    const where = fields.source && fields.line ? ` script: ${sha}, on ${fields.source}:${fields.line}.` : ''
    return { err: `${oneLine(fields.err ?? 'ERR unknown error')}${where}` }
  }

  #setKeys(keys: readonly string[]) {
    const api = this.#api
    const state = this.#state
    api.lua_rawgeti(state, registry, this.#references.get('KEYS')!)
    api.lua_createtable(state, keys.length, 0)
    for (let n = 0; n < keys.length; n++) {
      api.lua_rawgeti(state, registry, this.#intern(keys[n]!))
      api.lua_rawseti(state, -2, n + 1)
    }
    api.lua_rawset(state, globals)
  }

  /** A table of its own for each call: a script may change it. */
  #setArguments(args: readonly string[], { held }: CompiledScript) {
    const api = this.#api
    const state = this.#state
    api.lua_rawgeti(state, registry, held.reference)
    for (let n = 0; n < args.length; n++) if (held.texts[n] !== args[n]) this.#hold(held, n, args[n]!)
    api.lua_settop(state, -2)
    api.lua_rawgeti(state, registry, this.#references.get('ARGV')!)
    api.lua_createtable(state, args.length, 0)
    const words = this.#bytes.length ? this.#words : this.#fresh()
    const table = words.getUint32(words.getUint32(state + layout.top, true) - layout.value, true)
    let value = words.getUint32(table + layout.array, true)
    for (let n = 0; n < args.length; n++, value += layout.value) {
      words.setUint32(value, held.addresses[n]!, true)
      words.setUint32(value + layout.type, type.string, true)
    }
    api.lua_rawset(state, globals)
  }

  /** Instead of what was held there, whose address may be another string's from now on. */
  #hold({ texts, addresses }: CompiledScript['held'], n: number, text: string) {
    const held = this.#held
    const old = addresses[n]
    if (old !== undefined && held.addresses[placeOf(old)] === old) held.addresses[placeOf(old)] = 0
    this.#pushText(text)
    const address = this.#addressOfTop()
    this.#api.lua_rawseti(this.#state, -2, n + 1)
    texts[n] = text
    addresses[n] = address
    held.addresses[placeOf(address)] = address
    held.texts[placeOf(address)] = text
  }

  #addressOfTop(): number {
    const words = this.#bytes.length ? this.#words : this.#fresh()
    return words.getUint32(words.getUint32(this.#state + layout.top, true) - layout.value, true)
  }

  #redisCall(raises: boolean): number {
    const words = this.#bytes.length ? this.#words : this.#fresh()
    const base = words.getUint32(this.#state + layout.base, true)
    const count = (words.getUint32(this.#state + layout.top, true) - base) / layout.value
    const args = new Array<string>(count)
    for (let n = 0; n < count; n++) {
      const value = base + n * layout.value
      const kind = words.getUint32(value + layout.type, true)
      if (kind === type.string) args[n] = this.#textOf(words.getUint32(value, true))
      else if (kind === type.number) args[n] = formatDouble(words.getFloat64(value, true))
      else return this.#fail('ERR Lua redis lib command arguments must be strings or integers', raises)
    }
    if (count === 0) return this.#fail('ERR Please specify at least one argument for this redis lib call', raises)
    let reply: Reply
    try {
      reply = this.#call(args)
    } catch (error) {
      if (!(error instanceof RedisError)) throw error
      return this.#fail(error.message, raises)
    }
    if (typeof reply === 'object' && reply !== null && isError(reply)) return this.#fail(reply.err, raises)
    this.#push(reply)
    return 1
  }

  /** Puts a `tonumber` before Lua's own that reads plain whole numbers: Lua's goes by a software `long double`, which costs more than a command. */
  #hastenToNumber() {
    const api = this.#api
    this.#pushText('tonumber')
    api.lua_rawget(this.#state, globals)
    const plain = api.__indirect_function_table.get(api.lua_tocfunction(this.#state, -1)) as CFunction
    api.lua_settop(this.#state, 0)
    this.#pushText('tonumber')
    const hasty = () => this.#toNumber() ?? plain(this.#state)
    api.lua_pushcclosure(this.#state, this.#slotOf(this.#function(hasty)), 0)
    api.lua_rawset(this.#state, globals)
  }

  /** How many results it left: one, or undefined where Lua's own has to look. */
  #toNumber(): 1 | undefined {
    const words = this.#bytes.length ? this.#words : this.#fresh()
    const base = words.getUint32(this.#state + layout.base, true)
    const count = (words.getUint32(this.#state + layout.top, true) - base) / layout.value
    const isText = count === 1 && words.getUint32(base + layout.type, true) === type.string
    const value = isText ? this.#wholeNumberOf(words.getUint32(base, true)) : undefined
    if (value === undefined) return undefined
    this.#pushNumber(value)
    return 1
  }

  /** Undefined unless the string is up to 15 decimal digits, perhaps after a minus: what a double holds exactly. */
  #wholeNumberOf(text: number): number | undefined {
    const bytes = this.#bytes
    const end = text + layout.text + this.#words.getUint32(text + layout.length, true)
    let at = text + layout.text
    const negative = bytes[at] === 45
    if (negative) at++
    if (at === end || end - at > 15) return undefined
    let value = 0
    for (; at < end; at++) {
      const digit = bytes[at]! - 48
      if (digit < 0 || digit > 9) return undefined
      value = value * 10 + digit
    }
    return negative ? -value : value
  }

  /** Redis's own `pcall`: the error of a `redis.call` reaches the script as text (src/script_lua.c, luaRedisPcall). */
  #pcall(): number {
    const api = this.#api
    const state = this.#state
    const count = api.lua_gettop(state)
    // The result's place holder comes before the function; Redis calls it when it is given none.
    api.lua_pushboolean(state, 1)
    if (count === 0) api.lua_pushboolean(state, 1)
    else api.lua_insert(state, 1)
    const failed = api.lua_pcall(state, Math.max(0, count - 1), allResults, 0)
    // A coroutine may have called us meanwhile.
    this.#state = state
    if (!failed) return api.lua_gettop(state)
    api.lua_remove(state, 1)
    if (api.lua_type(state, -1) === type.table) {
      this.#pushText('err')
      api.lua_gettable(state, -2)
      if (api.lua_isstring(state, -1)) api.lua_replace(state, -2)
    }
    api.lua_pushboolean(state, 0)
    api.lua_insert(state, 1)
    return api.lua_gettop(state)
  }

  /** Puts a `string.format` before the library's that has 64 bits for `%d` and `%i`: a `long` of WebAssembly has 32. */
  #widenFormat() {
    const api = this.#api
    const state = this.#state
    api.lua_pushlstring(state, this.#cString('string'), 6)
    api.lua_rawget(state, globals)
    this.#pushText('format')
    api.lua_rawget(state, -2)
    const narrow = api.__indirect_function_table.get(api.lua_tocfunction(state, -1)) as CFunction
    api.lua_settop(state, -2)
    this.#pushText('format')
    // In the frame that Lua made for ours, the library's own finds its arguments, and its name for errors.
    const wide = () => {
      this.#widenIntegers()
      return narrow(this.#state)
    }
    api.lua_pushcclosure(state, this.#slotOf(this.#function(wide)), 0)
    api.lua_rawset(state, -3)
    api.lua_settop(state, 0)
  }

  /** Where an argument of `%d` is too large for 32 bits, `%.0f` prints what a 64-bit integer would. */
  #widenIntegers() {
    const api = this.#api
    const state = this.#state
    if (api.lua_type(state, 1) !== type.string) return
    const format = this.#textAt(1)
    if (!/%[-+ #0]*\d*[di]/.test(format)) return
    let index = 1
    const wide = format.replaceAll(/%(%|[-+ #0]*\d*(?:\.\d*)?[a-zA-Z])/g, (specifier, kind: string) => {
      if (kind === '%') return specifier
      index++
      if (!/^[-+ #0]*\d*[di]$/.test(kind) || !api.lua_isnumber(state, index)) return specifier
      const value = api.lua_tonumber(state, index)
      if (Math.abs(value) < 2 ** 31) return specifier
      api.lua_pushnumber(state, integerOf(value))
      api.lua_replace(state, index)
      return `${specifier.slice(0, -1)}.0f`
    })
    if (wide === format) return
    this.#pushText(wide)
    api.lua_replace(state, 1)
  }

  #fail(err: string, raises: boolean): number {
    this.#push({ err })
    return raises ? this.#api.lua_error(this.#state) : 1
  }

  /** A reply as a Lua value, by Redis's rules: null is false, a status and an error are tables. */
  #push(reply: Reply) {
    const api = this.#api
    const state = this.#state
    if (typeof reply === 'number') this.#pushNumber(reply)
    else if (typeof reply === 'bigint') api.lua_pushnumber(state, Number(reply))
    else if (typeof reply === 'string') this.#pushText(reply)
    else if (reply === null) api.lua_pushboolean(state, 0)
    else if (isList(reply)) {
      api.lua_createtable(state, reply.length, 0)
      for (let n = 0; n < reply.length; n++) {
        this.#push(reply[n]!)
        api.lua_rawseti(state, -2, n + 1)
      }
    } else {
      api.lua_createtable(state, 0, 1)
      for (const [name, text] of Object.entries(reply)) {
        this.#pushText(name)
        this.#pushText(text)
        api.lua_rawset(state, -3)
      }
    }
  }

  /** Lua gives each function of its host room for twenty values. */
  #pushNumber(value: number) {
    const words = this.#bytes.length ? this.#words : this.#fresh()
    const top = words.getUint32(this.#state + layout.top, true)
    words.setFloat64(top, value, true)
    words.setUint32(top + layout.type, type.number, true)
    words.setUint32(this.#state + layout.top, top + layout.value, true)
  }

  /** The value at an absolute index as a reply: numbers lose their fraction, true is 1, false and nil are null. */
  #replyAt(index: number, depth = 0): Reply {
    const api = this.#api
    const state = this.#state
    switch (api.lua_type(state, index)) {
      case type.number:
        return integerOf(api.lua_tonumber(state, index))
      case type.string:
        return this.#textAt(index)
      case type.boolean:
        return api.lua_toboolean(state, index) ? 1 : null
      case type.table: {
        // As Redis answers where its stack is full, which is eight times as deep: a table may hold itself.
        if (depth > mostNested || !api.lua_checkstack(state, 4)) return { err: 'ERR reached lua stack limit' }
        for (const name of ['err', 'ok'] as const) {
          api.lua_rawgeti(state, registry, this.#references.get(name)!)
          api.lua_rawget(state, index)
          const text = api.lua_type(state, -1) === type.string ? this.#textAt(-1) : undefined
          api.lua_settop(state, -2)
          if (text === undefined) continue
          return name === 'ok' ? { ok: oneLine(text) } : { err: trimmedLine(text) }
        }
        const items: Reply[] = []
        for (let n = 1; ; n++) {
          api.lua_rawgeti(state, index, n)
          const over = api.lua_type(state, -1) === type.nil
          if (!over) items.push(this.#replyAt(api.lua_gettop(state), depth + 1))
          api.lua_settop(state, -2)
          if (over) return items
        }
      }
      default:
        return null
    }
  }

  #load(code: string, name: string) {
    const api = this.#api
    const size = code.length
    const text = api.malloc(size + 1)
    this.#write(code, text)
    const failed = api.luaL_loadbuffer(this.#state, text, size, this.#cString(name))
    api.free(text)
    if (!failed) return
    const message = this.#textAt(-1)
    api.lua_settop(this.#state, 0)
    throw new RedisError(`ERR Error compiling script (new function): ${message}`)
  }

  #intern(text: string): number {
    const known = this.#references.get(text)
    if (known !== undefined) return known
    this.#pushText(text)
    const address = this.#addressOfTop()
    this.#anchored.addresses[placeOf(address)] = address
    this.#anchored.texts[placeOf(address)] = text
    const reference = this.#api.luaL_ref(this.#state, registry)
    this.#references.set(text, reference)
    return reference
  }

  #pushText(text: string) {
    if (text.length > this.#scratchSize) {
      this.#api.free(this.#scratch)
      this.#scratchSize = text.length * 2
      this.#scratch = this.#api.malloc(this.#scratchSize)
    }
    this.#write(text, this.#scratch)
    this.#api.lua_pushlstring(this.#state, this.#scratch, text.length)
  }

  #cString(text: string): number {
    this.#write(`${text}\0`, this.#scratch)
    return this.#scratch
  }

  #textAt(index: number): string {
    const address = this.#api.lua_tolstring(this.#state, index, 0)
    if (!this.#bytes.length) this.#refresh()
    return this.#textOf(address - layout.text)
  }

  /** The string that Lua keeps here. */
  #textOf(text: number): string {
    const at = placeOf(text)
    if (this.#anchored.addresses[at] === text) return this.#anchored.texts[at]!
    if (this.#held.addresses[at] === text) return this.#held.texts[at]!
    const from = text + layout.text
    const length = this.#words.getUint32(text + layout.length, true)
    const place = this.#words.getUint32(text + layout.hash, true) % remembered
    const known = this.#said[place]!
    if (this.#reads(from, length, known)) return known
    return (this.#said[place] = this.#bytes.latin1Slice(from, from + length))
  }

  #reads(from: number, length: number, known: string): boolean {
    if (length !== known.length) return false
    const bytes = this.#bytes
    for (let n = 0; n < length; n++) if (bytes[from + n] !== known.charCodeAt(n)) return false
    return true
  }

  #write(text: string, to: number) {
    const bytes = this.#bytes.length ? this.#bytes : this.#refresh()
    const { length } = text
    if (length > 24) bytes.latin1Write(text, to)
    else for (let n = 0; n < length; n++) bytes[to + n] = text.charCodeAt(n)
  }

  /** A buffer of memory that has grown since has no length any more. */
  #refresh(): Latin1Buffer {
    const { buffer } = this.#api.memory
    this.#words = new DataView(buffer)
    return (this.#bytes = Buffer.from(buffer) as Latin1Buffer)
  }

  #fresh(): DataView {
    this.#refresh()
    return this.#words
  }

  #function(body: () => number): CFunction {
    return asCFunction(state => {
      this.#state = state
      return body()
    })
  }

  #slotOf(cFunction: CFunction): number {
    const table = this.#api.__indirect_function_table
    const slot = table.grow(1)
    table.set(slot, cFunction)
    return slot
  }

  /** The few things that Lua asks of its host; files, clocks and the environment are not among them. */
  #imports(module: WebAssembly.Module): WebAssembly.Imports {
    const imports: Record<string, Record<string, (...args: number[]) => number>> = {}
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {}
      imports[from][name] = () => {
        throw new Error(`Lua asked its host for ${name}`)
      }
    }
    Object.assign(imports.env!, {
      invoke_vii: (slot: number, a: number, b: number) => {
        const stack = this.#api.stackSave()
        try {
          this.#api.__indirect_function_table.get(slot)(a, b)
        } catch (thrown) {
          this.#api.stackRestore(stack)
          if (!(thrown instanceof LongJump)) throw thrown
          this.#api.setThrew(1, 0)
        }
      },
      _emscripten_throw_longjmp: () => {
        throw new LongJump()
      },
      emscripten_memcpy_js: (to: number, from: number, size: number) =>
        this.#refresh().copyWithin(to, from, from + size),
      emscripten_resize_heap: (wanted: number) => {
        const { memory } = this.#api
        memory.grow(Math.ceil((wanted - memory.buffer.byteLength) / 65_536))
        return 1
      },
    })
    Object.assign(imports.wasi_snapshot_preview1!, {
      fd_write: () => 0,
      fd_close: () => 0,
      environ_get: () => 0,
      environ_sizes_get: (count: number, size: number) => {
        this.#refresh()
        this.#words.setUint32(count, 0, true)
        this.#words.setUint32(size, 0, true)
        return 0
      },
    })
    return imports
  }
}

/** Lists within lists, in a reply. */
const mostNested = 1_000

/** What is allocated lies on multiples of 8. */
const placeOf = (address: number) => (address >>> 3) % remembered

/** What the project's scripts say most. */
const frequent =
  'TIME ZSCORE ZMSCORE ZCARD ZCOUNT ZADD ZREM ZINCRBY ZRANGEBYSCORE ZREVRANGEBYSCORE ZREMRANGEBYRANK WITHSCORES LIMIT GT # -inf +inf session attempt full released'.split(
    ' ',
  )

const isList = (reply: Reply): reply is readonly Reply[] => Array.isArray(reply)

/** A WebAssembly function around one of ours, because a table takes no other: (i32) → i32, imported and exported again. */
function asCFunction(host: CFunction): CFunction {
  const code = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, 2, 7, 1, 1, 101, 1, 102, 0, 0, 7, 5, 1, 1, 102, 0, 0,
  ]
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code)), { e: { f: host } })
  return instance.exports.f as CFunction
}
