/** A thread of a search: plays the seeds it is given, one after the other, for as long as the search lasts. */
import { parentPort } from 'node:worker_threads'
import type { Outcome } from '../../sim/search/play-seed.ts'
import { playOrdered, type Subject } from './ordered.ts'

/** `keep`: those of the seeds whose histories are wanted. `order` comes back with every answer. */
export interface Order {
  order: number
  subject: Subject
  seeds: readonly number[]
  keep: readonly number[]
}

/** `last`: the order is done. */
export interface Answer {
  order: number
  outcome: Outcome
  last: boolean
}

/** One play at a time: a thread has one Lua engine. */
let playing = Promise.resolve()
parentPort!.on('message', (order: Order) => {
  playing = playing.then(() => play(order))
})

async function play({ order, subject, seeds, keep }: Order) {
  for (const seed of seeds) {
    const outcome = await playOrdered(subject, seed, keep.includes(seed))
    const answer: Answer = { order, outcome, last: seed === seeds.at(-1) }
    parentPort!.postMessage(answer)
  }
}
