/** Several things that are sorted by time become one, drawn as it is taken. */
import type { Millis } from '../proxy/ports.ts'

/** Of what happens at one instant, that of the earlier source comes first. */
export function* mergeSorted<T extends { at: Millis }>(sources: readonly Iterable<T>[]): Generator<T> {
  const heads = sources.flatMap(source => {
    const rest = source[Symbol.iterator]()
    const { value, done } = rest.next()
    return done ? [] : [{ first: value, rest }]
  })
  while (heads.length) {
    let next = heads[0]!
    for (const head of heads) if (head.first.at < next.first.at) next = head
    yield next.first
    const { value, done } = next.rest.next()
    if (done) heads.splice(heads.indexOf(next), 1)
    else next.first = value
  }
}
