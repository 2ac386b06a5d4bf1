/** The clients' process. */
import type { AskStep } from '../../../plan.ts'
import { servePart } from '../part.ts'
import { playLoad } from './client.ts'

export interface LoadPlay {
  asks: readonly AskStep[]
  targets: readonly string[]
  origin: number
  key: string
}

servePart(emit => {
  const left = new AbortController()
  let playing: Promise<void> | undefined
  return {
    async play(order: LoadPlay) {
      playing = playLoad({ ...order, emit, signal: left.signal })
      await playing
    },
    async stop() {
      left.abort(new Error('stopped'))
      await playing?.catch(() => {})
    },
  }
})
