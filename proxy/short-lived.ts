/**
 * A Map whose entries soon go again. V8 links each table that a Map has outgrown to the next one: one that was promoted to the old
 * generation keeps all tables after it, and whatever stood in them, until the whole heap is collected. So the Map is made anew now and then.
 */
export class ShortLived<K, V> {
  #map = new Map<K, V>()
  #gone = 0

  get size(): number {
    return this.#map.size
  }

  get(key: K): V | undefined {
    return this.#map.get(key)
  }

  has(key: K): boolean {
    return this.#map.has(key)
  }

  set(key: K, value: V): void {
    this.#map.set(key, value)
  }

  delete(key: K): boolean {
    const was = this.#map.delete(key)
    if (was && ++this.#gone > 64 + 2 * this.#map.size) {
      this.#gone = 0
      this.#map = new Map(this.#map)
    }
    return was
  }

  keys(): MapIterator<K> {
    return this.#map.keys()
  }

  values(): MapIterator<V> {
    return this.#map.values()
  }

  /** What was there when it began, at least; deleting meanwhile is allowed. */
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.#map[Symbol.iterator]()
  }
}
