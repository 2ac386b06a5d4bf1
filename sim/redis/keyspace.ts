/** The keys of one node: typed values, expiry, and an account of every change. */
import type { Millis } from '../../proxy/ports.ts'
import { RedisError } from './reply.ts'
import { SortedSet } from './sorted-set.ts'

export type Value =
  | { type: 'zset'; set: SortedSet }
  | { type: 'hash'; fields: Map<string, string> }
  | { type: 'string'; text: string }

/** One change, told after it was made. */
export interface Change {
  key: string
  /** Takes exactly this change back; changes are taken back newest first. */
  undo(keyspace: Keyspace): void
  /** Of a sorted set: who, from which score to which; null is no member. */
  member?: string
  before?: number | null
  after?: number | null
}

const wrongType = () => new RedisError('WRONGTYPE Operation against a key holding the wrong kind of value')

export class Keyspace {
  readonly #values = new Map<string, Value>()
  /** On the server's clock, ms. */
  readonly #expiries = new Map<string, Millis>()
  readonly #now: () => Millis
  readonly #told: (change: Change) => void

  constructor(now: () => Millis, told: (change: Change) => void) {
    this.#now = now
    this.#told = told
  }

  /** An expired key is deleted when it is touched, as Redis does. */
  get(key: string): Value | undefined {
    if (this.#expiries.size) this.#expire(key)
    return this.#values.get(key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** Keys, those included that have expired and that nobody has touched since. */
  get size(): number {
    return this.#values.size
  }

  keys(): string[] {
    return [...this.#values.keys()].filter(key => this.has(key))
  }

  /** For reading; undefined where there is no key. Throws WRONGTYPE. */
  zset(key: string): SortedSet | undefined {
    const value = this.get(key)
    if (value && value.type !== 'zset') throw wrongType()
    return value?.set
  }

  hash(key: string): ReadonlyMap<string, string> | undefined {
    const value = this.get(key)
    if (value && value.type !== 'hash') throw wrongType()
    return value?.fields
  }

  text(key: string): string | undefined {
    const value = this.get(key)
    if (value && value.type !== 'string') throw wrongType()
    return value?.text
  }

  /**
   * `to` null removes the member, and with the last one the key. Answers the score before; null where there was none.
   * Minus zero becomes zero, as it does in the compact form that Redis gives to sets of up to 128 short members.
   */
  setMember(key: string, member: string, to: number | null): number | null {
    const score = to === null ? null : to + 0
    let set = this.zset(key)
    if (!set) {
      if (score === null) return null
      this.#values.set(key, { type: 'zset', set: (set = new SortedSet()) })
    }
    const before = (score === null ? set.delete(member) : set.set(member, score)) ?? null
    if (before === score) return before
    const expiry = set.size ? undefined : this.#drop(key)
    this.#told(new MemberChange(key, member, before, score, expiry))
    return before
  }

  /** `text` null removes the field, and with the last one the key. */
  setField(key: string, field: string, text: string | null): void {
    this.hash(key)
    let value = this.#values.get(key)
    if (!value) this.#values.set(key, (value = { type: 'hash', fields: new Map() }))
    const { fields } = value as Extract<Value, { type: 'hash' }>
    const before = fields.get(field) ?? null
    if (text === null) fields.delete(field)
    else fields.set(field, text)
    const expiry = fields.size ? undefined : this.#drop(key)
    this.#told({
      key,
      undo(keyspace) {
        keyspace.setField(key, field, before)
        if (expiry !== undefined) keyspace.expireAt(key, expiry)
      },
    })
  }

  /** Whatever the key was. Leaves the expiry alone. */
  setText(key: string, text: string): void {
    const before = this.get(key)
    const expiry = this.#expiries.get(key)
    if (before && before.type !== 'string') this.delete(key)
    const old = before?.type === 'string' ? before.text : undefined
    this.#values.set(key, { type: 'string', text })
    this.#told({
      key,
      undo: keyspace => (old === undefined ? void keyspace.delete(key) : keyspace.setText(key, old)),
    })
    // What was there went with its expiry.
    if (expiry !== undefined) this.expireAt(key, expiry)
  }

  delete(key: string): boolean {
    const value = this.get(key)
    if (!value) return false
    const expiry = this.#drop(key)
    const restore = (keyspace: Keyspace) => {
      keyspace.put(key, value)
      if (expiry !== undefined) keyspace.expireAt(key, expiry)
    }
    if (value.type !== 'zset') this.#told({ key, undo: restore })
    else {
      // One change a member: whoever follows a set hears of each.
      let undo: Change['undo'] | undefined = restore
      for (const { member, score } of value.set) {
        this.#told({ key, member, before: score, after: null, undo: undo ?? (() => {}) })
        undo = undefined
      }
    }
    return true
  }

  /** Takes over a whole value, as a migration does. */
  put(key: string, value: Value): void {
    this.delete(key)
    this.#values.set(key, value)
    let undo: Change['undo'] | undefined = keyspace => void keyspace.delete(key)
    if (value.type !== 'zset') this.#told({ key, undo })
    else
      for (const { member, score } of value.set) {
        this.#told({ key, member, before: null, after: score, undo: undo ?? (() => {}) })
        undo = undefined
      }
  }

  expiryOf(key: string): Millis | undefined {
    return this.has(key) ? this.#expiries.get(key) : undefined
  }

  /** Undefined lets the key live for ever. */
  expireAt(key: string, at: Millis | undefined): void {
    const before = this.#expiries.get(key)
    if (at === undefined) this.#expiries.delete(key)
    else this.#expiries.set(key, at)
    if (at !== before) this.#told({ key, undo: keyspace => keyspace.expireAt(key, before) })
  }

  /** When keys will end. */
  expiries(): Millis[] {
    return [...this.#expiries.values()]
  }

  /** Whether any key will expire. */
  get expiring(): boolean {
    return this.#expiries.size > 0
  }

  /** Deletes all that has expired; answers when the next key will. */
  sweep(): Millis | undefined {
    for (const key of [...this.#expiries.keys()]) this.#expire(key)
    return this.#expiries.size ? Math.min(...this.#expiries.values()) : undefined
  }

  clear(): void {
    for (const key of [...this.#values.keys()]) this.delete(key)
  }

  /** Everything, as it is now, with ears of its own. */
  copy(now: () => Millis, told: (change: Change) => void): Keyspace {
    const copy = new Keyspace(now, told)
    for (const [key, value] of this.#values) copy.#values.set(key, copyOf(value))
    for (const [key, at] of this.#expiries) copy.#expiries.set(key, at)
    return copy
  }

  #expire(key: string) {
    const at = this.#expiries.get(key)
    if (at === undefined || Math.floor(this.#now()) <= at) return
    // The key must not be found expired again while it is deleted.
    this.#expiries.delete(key)
    this.delete(key)
  }

  #drop(key: string): Millis | undefined {
    const expiry = this.#expiries.get(key)
    this.#values.delete(key)
    this.#expiries.delete(key)
    return expiry
  }
}

class MemberChange implements Change {
  readonly key: string
  readonly member: string
  readonly before: number | null
  readonly after: number | null
  /** Of the key, which went with its last member. */
  readonly #expiry: Millis | undefined

  constructor(key: string, member: string, before: number | null, after: number | null, expiry: Millis | undefined) {
    this.key = key
    this.member = member
    this.before = before
    this.after = after
    this.#expiry = expiry
  }

  undo(keyspace: Keyspace): void {
    keyspace.setMember(this.key, this.member, this.before)
    if (this.#expiry !== undefined) keyspace.expireAt(this.key, this.#expiry)
  }
}

function copyOf(value: Value): Value {
  if (value.type === 'zset') return { type: 'zset', set: value.set.copy() }
  if (value.type === 'hash') return { type: 'hash', fields: new Map(value.fields) }
  return { ...value }
}
