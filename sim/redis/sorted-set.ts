/** A sorted set: members by (score, bytes), in pieces short enough that a change anywhere moves few entries. */

export interface Entry {
  readonly member: string
  readonly score: number
}

/** A piece is split at this length. Tombstones come in at the front, leases at the back: one long array would be moved each time. */
const pieceLength = 512

export class SortedSet {
  readonly #byMember = new Map<string, Entry>()
  /** In order, none empty. */
  readonly #pieces: Entry[][] = []

  get size(): number {
    return this.#byMember.size
  }

  score(member: string): number | undefined {
    return this.#byMember.get(member)?.score
  }

  /** Adds or moves; answers the score before. */
  set(member: string, score: number): number | undefined {
    const old = this.#byMember.get(member)
    if (old?.score === score) return score
    const entry = { member, score }
    this.#byMember.set(member, entry)
    if (!old) this.#put(entry)
    else if (!this.#replace(old, entry)) {
      this.#take(old)
      this.#put(entry)
    }
    return old?.score
  }

  /** Answers the score that went; undefined when it was no member. */
  delete(member: string): number | undefined {
    const old = this.#byMember.get(member)
    if (!old) return undefined
    this.#byMember.delete(member)
    this.#take(old)
    return old.score
  }

  /** How many entries come before the first that is not `below`; `below` must hold for a prefix of the order. */
  rank(below: (entry: Entry) => boolean): number {
    let before = 0
    for (const piece of this.#pieces) {
      if (below(piece[piece.length - 1]!)) {
        before += piece.length
        continue
      }
      return before + firstNot(piece, below)
    }
    return before
  }

  /** The entries at these ranks, `from` included, `to` not. */
  slice(from: number, to: number): Entry[] {
    const out: Entry[] = []
    let start = 0
    for (const piece of this.#pieces) {
      if (start >= to) break
      const end = start + piece.length
      if (end > from) for (let n = Math.max(from, start); n < Math.min(to, end); n++) out.push(piece[n - start]!)
      start = end
    }
    return out
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (const piece of this.#pieces) yield* piece
  }

  copy(): SortedSet {
    const copy = new SortedSet()
    for (const piece of this.#pieces) copy.#pieces.push(piece.slice())
    for (const [member, entry] of this.#byMember) copy.#byMember.set(member, entry)
    return copy
  }

  /** The piece that holds, or should hold, the entry. */
  #pieceOf(entry: Entry): number {
    const pieces = this.#pieces
    let low = 0
    let high = pieces.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const piece = pieces[middle]!
      if (precedes(piece[piece.length - 1]!, entry)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** In its place, when its neighbours allow: most changes of a score are small. */
  #replace(old: Entry, entry: Entry): boolean {
    const piece = this.#pieces[this.#pieceOf(old)]!
    const place = placeIn(piece, old)
    const [before, after] = [piece[place - 1], piece[place + 1]]
    if (!before || !after || !precedes(before, entry) || !precedes(entry, after)) return false
    piece[place] = entry
    return true
  }

  #put(entry: Entry) {
    if (!this.#pieces.length) return void this.#pieces.push([entry])
    const n = this.#pieceOf(entry)
    const piece = this.#pieces[n]!
    piece.splice(placeIn(piece, entry), 0, entry)
    if (piece.length > pieceLength) this.#pieces.splice(n + 1, 0, piece.splice(pieceLength / 2))
  }

  #take(entry: Entry) {
    const n = this.#pieceOf(entry)
    const piece = this.#pieces[n]!
    if (piece.length === 1) this.#pieces.splice(n, 1)
    else piece.splice(placeIn(piece, entry), 1)
  }
}

/** Byte strings compare as their bytes do. */
const precedes = (a: Entry, b: Entry) => a.score < b.score || (a.score === b.score && a.member < b.member)

const placeIn = (piece: readonly Entry[], entry: Entry) => {
  let low = 0
  let high = piece.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (precedes(piece[middle]!, entry)) low = middle + 1
    else high = middle
  }
  return low
}

const firstNot = (piece: readonly Entry[], below: (entry: Entry) => boolean) => {
  let low = 0
  let high = piece.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (below(piece[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}
