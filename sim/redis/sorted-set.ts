/** A sorted set: members by (score, bytes), in pieces short enough that a change anywhere moves few entries. */
import { ShortLived } from '../../proxy/short-lived.ts'

export interface Entry {
  member: string
  score: number
}

/** Bounds of a range of scores; an open bound is not part of it. */
export interface ScoreRange {
  min: number
  minOpen: boolean
  max: number
  maxOpen: boolean
}

/** Scores side by side, so that a search stays within a few lines of the cache. */
interface Piece {
  scores: number[]
  members: string[]
}

/** A piece is split at this length. Tombstones come in at the front, leases at the back: one long array would be moved each time. */
const pieceLength = 32

export class SortedSet {
  readonly #byMember = new ShortLived<string, number>()
  /** In order, none empty. */
  readonly #pieces: Piece[] = []

  get size(): number {
    return this.#byMember.size
  }

  score(member: string): number | undefined {
    return this.#byMember.get(member)
  }

  /** Adds or moves; answers the score before. */
  set(member: string, score: number): number | undefined {
    const old = this.#byMember.get(member)
    if (old === score) return old
    this.#byMember.set(member, score)
    if (old === undefined || !this.#move(member, old, score)) this.#put(member, score)
    return old
  }

  /** Answers the score that went; undefined when it was no member. */
  delete(member: string): number | undefined {
    const old = this.#byMember.get(member)
    if (old === undefined) return undefined
    this.#byMember.delete(member)
    this.#take(member, old)
    return old
  }

  /** How many entries lie within the range. */
  count(range: ScoreRange): number {
    const [fromPiece, from] = this.#start(range)
    const [toPiece, to] = this.#end(range)
    if (fromPiece > toPiece || (fromPiece === toPiece && from >= to)) return 0
    if (fromPiece === toPiece) return to - from
    let count = this.#pieces[fromPiece]!.scores.length - from + to
    for (let n = fromPiece + 1; n < toPiece; n++) count += this.#pieces[n]!.scores.length
    return count
  }

  /** At most `limit` entries of the range, after the first `offset`; from its upper end when `reverse`. */
  within(range: ScoreRange, reverse = false, offset = 0, limit = Number.POSITIVE_INFINITY): Entry[] {
    const entries: Entry[] = []
    const [fromPiece, from] = this.#start(range)
    const [toPiece, to] = this.#end(range)
    let skip = offset
    const take = (piece: Piece, n: number) => {
      if (skip > 0) skip--
      else entries.push({ member: piece.members[n]!, score: piece.scores[n]! })
    }
    if (reverse) {
      for (let p = Math.min(toPiece, this.#pieces.length - 1); p >= fromPiece; p--) {
        const piece = this.#pieces[p]!
        const first = p === fromPiece ? from : 0
        for (let n = (p === toPiece ? to : piece.scores.length) - 1; n >= first; n--) {
          if (entries.length >= limit) return entries
          take(piece, n)
        }
      }
      return entries
    }
    for (let p = fromPiece; p <= toPiece && p < this.#pieces.length; p++) {
      const piece = this.#pieces[p]!
      const last = p === toPiece ? to : piece.scores.length
      for (let n = p === fromPiece ? from : 0; n < last; n++) {
        if (entries.length >= limit) return entries
        take(piece, n)
      }
    }
    return entries
  }

  /** The entries at these ranks, `from` included, `to` not. */
  slice(from: number, to: number): Entry[] {
    const entries: Entry[] = []
    let start = 0
    for (const { scores, members } of this.#pieces) {
      if (start >= to) break
      const end = Math.min(start + scores.length, to)
      for (let rank = Math.max(from, start); rank < end; rank++)
        entries.push({ member: members[rank - start]!, score: scores[rank - start]! })
      start += scores.length
    }
    return entries
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (const { scores, members } of this.#pieces)
      for (let n = 0; n < scores.length; n++) yield { member: members[n]!, score: scores[n]! }
  }

  copy(): SortedSet {
    const copy = new SortedSet()
    for (const { scores, members } of this.#pieces)
      copy.#pieces.push({ scores: scores.slice(), members: members.slice() })
    for (const [member, score] of this.#byMember) copy.#byMember.set(member, score)
    return copy
  }

  /** In its place, when its neighbours allow: most changes of a score are small. Otherwise it is taken out; answers whether it stayed. */
  #move(member: string, old: number, score: number): boolean {
    const n = this.#pieceOf(member, old)
    const piece = this.#pieces[n]!
    const { scores, members } = piece
    const place = placeIn(piece, member, old)
    const stays =
      place > 0 &&
      place < scores.length - 1 &&
      precedes(scores[place - 1]!, members[place - 1]!, score, member) &&
      precedes(score, member, scores[place + 1]!, members[place + 1]!)
    if (stays) scores[place] = score
    else this.#takeAt(n, place)
    return stays
  }

  #put(member: string, score: number) {
    if (!this.#pieces.length) return void this.#pieces.push({ scores: [score], members: [member] })
    const n = this.#pieceOf(member, score)
    const piece = this.#pieces[n]!
    const { scores, members } = piece
    const place = placeIn(piece, member, score)
    insert(scores, place, score)
    insert(members, place, member)
    if (scores.length > pieceLength)
      this.#pieces.splice(n + 1, 0, {
        scores: scores.splice(pieceLength / 2),
        members: members.splice(pieceLength / 2),
      })
  }

  #take(member: string, score: number) {
    const n = this.#pieceOf(member, score)
    this.#takeAt(n, placeIn(this.#pieces[n]!, member, score))
  }

  #takeAt(n: number, place: number) {
    const { scores, members } = this.#pieces[n]!
    if (scores.length === 1) return void this.#pieces.splice(n, 1)
    remove(scores, place)
    remove(members, place)
  }

  /** The piece that holds, or should hold, the entry: the first that does not end before it, or the last. */
  #pieceOf(member: string, score: number): number {
    const pieces = this.#pieces
    let low = 0
    let high = pieces.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const { scores, members } = pieces[middle]!
      const last = scores.length - 1
      if (precedes(scores[last]!, members[last]!, score, member)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Piece and place of the first entry that is not below the range. */
  #start({ min, minOpen }: ScoreRange): [piece: number, place: number] {
    return this.#edge(min, minOpen)
  }

  /** Piece and place of the first entry above the range. */
  #end({ max, maxOpen }: ScoreRange): [piece: number, place: number] {
    return this.#edge(max, !maxOpen)
  }

  /** The first entry with a score above the bound, or, unless `beyond`, at it. */
  #edge(bound: number, beyond: boolean): [piece: number, place: number] {
    const pieces = this.#pieces
    let low = 0
    let high = pieces.length
    while (low < high) {
      const middle = (low + high) >> 1
      const { scores } = pieces[middle]!
      const last = scores[scores.length - 1]!
      if (beyond ? last <= bound : last < bound) low = middle + 1
      else high = middle
    }
    const piece = pieces[low]
    if (!piece) return [low, 0]
    const { scores } = piece
    let from = 0
    let to = scores.length
    while (from < to) {
      const middle = (from + to) >> 1
      const score = scores[middle]!
      if (beyond ? score <= bound : score < bound) from = middle + 1
      else to = middle
    }
    return [low, from]
  }
}

// On arrays as short as these `splice` costs several times more.

function insert<T>(into: T[], place: number, one: T) {
  into.push(one)
  for (let n = into.length - 1; n > place; n--) into[n] = into[n - 1]!
  into[place] = one
}

function remove<T>(from: T[], place: number) {
  const last = from.length - 1
  for (let n = place; n < last; n++) from[n] = from[n + 1]!
  from.pop()
}

/** Byte strings compare as their bytes do. */
const precedes = (score: number, member: string, otherScore: number, other: string) =>
  score < otherScore || (score === otherScore && member < other)

const placeIn = ({ scores, members }: Piece, member: string, score: number): number => {
  let low = 0
  let high = scores.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (precedes(scores[middle]!, members[middle]!, score, member)) low = middle + 1
    else high = middle
  }
  return low
}
