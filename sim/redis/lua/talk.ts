/** What a script has said to Redis so far, so that real Lua can take over: it says the same again, and is given the same answers. */
import { RedisError, type Reply } from '../reply.ts'
import type { Call } from './engine.ts'
import { handover, luaValueOf, type Value } from './kit.ts'

export class Talk {
  readonly #call: Call
  readonly #said: string[][] = []
  readonly #answers: (Reply | RedisError)[] = []
  #repeated = 0

  constructor(call: Call) {
    this.#call = call
  }

  /** For translated Lua. Throws `handover` where the answer is none that it knows what to do with, an error for one. */
  readonly ask = (words: string[]): Value => {
    this.#said.push(words)
    let answer: Reply
    try {
      answer = this.#call(words)
    } catch (error) {
      if (!(error instanceof RedisError)) throw error
      this.#answers.push(error)
      throw handover
    }
    this.#answers.push(answer)
    return luaValueOf(answer)
  }

  /** For real Lua: nothing happens twice. A script that says something else than before was translated wrongly, which is a fault of ours. */
  again(words: string[]): Reply {
    const n = this.#repeated++
    if (n >= this.#said.length) return this.#call(words)
    const before = this.#said[n]!
    if (before.length !== words.length || before.some((word, at) => word !== words[at]))
      throw new Error(
        `a translated script has called ${JSON.stringify(before)}, and calls ${JSON.stringify(words)} in Lua`,
      )
    const answer = this.#answers[n]!
    if (answer instanceof RedisError) throw answer
    return answer
  }
}
