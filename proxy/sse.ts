/** Server-sent events (WHATWG HTML, 9.2) as bytes: both shapes name their last event, so a missing one is a cut. */
import type { Failure } from './failure.ts'
import type { Inspector } from './inspect.ts'
import type { Shape } from './provider.ts'

const ascii = (text: string) => new TextEncoder().encode(text)
const data = ascii('data')
const event = ascii('event')
const others = [ascii('id'), ascii('retry')]
const error = ascii('error')
/** How the data of an error begins; see `isNull`. */
const errorData = [ascii('{"error"'), ascii('{"type":"error"')]
const lastEvent = ascii('message_stop')
const lastData = ascii('[DONE]')

const lineFeed = 0x0a
const carriageReturn = 0x0d
const colon = 0x3a
const space = 0x20
const n = 0x6e

/** So much of a line that is split over chunks is kept: every word that is looked for stands within it. */
const mostHeadBytes = 64

export class Sse implements Inspector {
  open = 0
  complete = false
  readonly #shape: Shape
  #state: 'unsure' | 'good' = 'unsure'
  /** How a line begins whose end has not come. */
  #head: number[] = []
  #afterReturn = false
  // Of the event that is not whole yet:
  #hasData = false
  #isError = false
  #isLast = false

  constructor(shape: Shape) {
    this.#shape = shape
  }

  see(chunk: Uint8Array): 'unsure' | 'good' | Failure {
    let lineAt = 0
    /** Where the last whole event ended. */
    let wholeTo = this.open === 0 ? 0 : -1
    let failure: Failure | undefined
    // Native searches: several times as fast as a loop over the bytes.
    let feed = chunk.indexOf(lineFeed)
    let back = chunk.indexOf(carriageReturn)
    while ((feed >= 0 || back >= 0) && !failure) {
      const isFeed = back < 0 || (feed >= 0 && feed < back)
      const at = isFeed ? feed : back
      if (isFeed) feed = chunk.indexOf(lineFeed, at + 1)
      else back = chunk.indexOf(carriageReturn, at + 1)
      const isEmpty = at === lineAt && this.#head.length === 0
      // The second half of the end of the line before.
      const isHalf = isEmpty && isFeed && this.#afterReturn
      this.#afterReturn = !isFeed
      if (isHalf) {
        if (wholeTo === at) wholeTo++
      } else if (isEmpty) {
        failure = this.#dispatch()
        wholeTo = at + 1
      } else failure = this.#endLine(chunk, lineAt, at)
      lineAt = at + 1
    }
    this.open = wholeTo < 0 ? this.open + chunk.length : chunk.length - wholeTo
    if (failure) return failure
    this.#keepHead(chunk, lineAt, chunk.length)
    return this.#state
  }

  end(): Failure | undefined {
    const wrong = (this.#head.length ? this.#endLine(nothing, 0, 0) : undefined) ?? this.#dispatch()
    if (wrong) return wrong
    return this.#state === 'unsure' ? 'empty-body' : this.complete ? undefined : 'incomplete'
  }

  #keepHead(chunk: Uint8Array, from: number, to: number) {
    for (let at = from; at < to && this.#head.length < mostHeadBytes; at++) this.#head.push(chunk[at]!)
  }

  #endLine(chunk: Uint8Array, from: number, to: number): Failure | undefined {
    if (this.#head.length === 0) return this.#line(chunk, from, to)
    this.#keepHead(chunk, from, to)
    const line = Uint8Array.from(this.#head)
    this.#head = []
    return this.#line(line, 0, line.length)
  }

  #line(bytes: Uint8Array, from: number, to: number): Failure | undefined {
    if (bytes[from] === colon) return undefined
    if (isField(data, bytes, from, to)) {
      const value = valueAt(bytes, from + data.length, to)
      this.#hasData = true
      if (errorData.some(word => startsWith(word, bytes, value, to) && !isNull(bytes, value + word.length, to)))
        this.#isError = true
      if (this.#shape === 'openai' && equals(lastData, bytes, value, to)) this.#isLast = true
      return undefined
    }
    if (isField(event, bytes, from, to)) {
      const value = valueAt(bytes, from + event.length, to)
      if (equals(error, bytes, value, to)) this.#isError = true
      if (this.#shape === 'anthropic' && equals(lastEvent, bytes, value, to)) this.#isLast = true
      return undefined
    }
    return others.some(name => isField(name, bytes, from, to)) ? undefined : 'malformed'
  }

  /** A blank line: the event is whole. */
  #dispatch(): Failure | undefined {
    const failure = this.#isError ? 'error-event' : undefined
    if (this.#hasData) {
      this.#state = 'good'
      if (this.#isLast) this.complete = true
    }
    this.#hasData = false
    this.#isError = false
    this.#isLast = false
    return failure
  }
}

const nothing = new Uint8Array()

function startsWith(word: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < word.length) return false
  for (let at = 0; at < word.length; at++) if (bytes[from + at] !== word[at]) return false
  return true
}

const equals = (word: Uint8Array, bytes: Uint8Array, from: number, to: number) =>
  to - from === word.length && startsWith(word, bytes, from, to)

const isField = (name: Uint8Array, bytes: Uint8Array, from: number, to: number) =>
  startsWith(name, bytes, from, to) && (to === from + name.length || bytes[from + name.length] === colon)

/** Behind the colon, and behind one space. */
const valueAt = (bytes: Uint8Array, at: number, to: number) =>
  at + 1 < to && bytes[at + 1] === space ? at + 2 : Math.min(at + 1, to)

/** `"error": null` is no error. */
function isNull(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from
  while (at < to && (bytes[at] === colon || bytes[at] === space)) at++
  return bytes[at] === n && at < to
}
