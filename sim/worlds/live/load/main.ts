/** The clients' process. */
import type { AskStep } from '../../../plan.ts'
import { servePart } from '../part.ts'
import { playLoad } from './client.ts'
import { Rotation } from './rotation.ts'

export interface LoadPlay {
  asks: readonly AskStep[]
  targets: readonly string[]
  origin: number
  key: string
}

servePart(emit => {
  const left = new AbortController()
  const rotation = new Rotation()
  let playing: Promise<void> | undefined
  return {
    async play(order: LoadPlay) {
      playing = playLoad({ ...order, rotation, emit, signal: left.signal })
      await playing
    },
    async takeOut(instance: number) {
      return rotation.takeOut(instance)
    },
    async putBack(instance: number) {
      rotation.putBack(instance)
    },
    async open(instance: number) {
      return rotation.open(instance)
    },
    async stop() {
      left.abort(new Error('stopped'))
      await playing?.catch(() => {})
    },
  }
})
