/** The clients' process. */
import type { AskStep } from '../../../plan.ts'
import { servePart } from '../part.ts'
import { playLoad, reach } from './client.ts'
import { Rotation } from './rotation.ts'
import { type SaturateOptions, saturate } from './saturate.ts'

export interface LoadPlay {
  asks: readonly AskStep[]
  targets: readonly string[]
  origin: number
  key: string
}

const isLoop = (ask: AskStep): ask is SaturateOptions['asks'][number] => ask.again !== undefined

servePart(emit => {
  const left = new AbortController()
  const rotation = new Rotation()
  let playing: Promise<unknown> | undefined
  return {
    async play(order: LoadPlay) {
      const { asks, ...rest } = order
      const shared = { ...rest, emit, signal: left.signal }
      const loops = asks.filter(isLoop)
      playing = Promise.all([
        playLoad({ ...shared, rotation, asks: asks.filter(ask => !isLoop(ask)) }),
        loops.length
          ? reach(order.origin + loops[0]!.at, left.signal).then(() => saturate({ ...shared, asks: loops }))
          : undefined,
      ])
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
