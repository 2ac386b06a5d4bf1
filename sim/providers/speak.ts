import type { Clock, Millis } from '../../proxy/ports.ts'
import type { Answer } from './model.ts'

/** `whole`: everything was said. `broke-off`: the answer breaks here. `left`: the listener went away. */
export interface SpeechEnd {
  how: 'whole' | 'broke-off' | 'left'
  /** When the last chunk was taken; undefined when none was. */
  lastChunkAt: Millis | undefined
}

/** What ends a stream that breaks off; a host with sockets breaks them so. */
export class BrokeOff extends Error {
  readonly how: 'cut' | 'reset'
  constructor(how: 'cut' | 'reset') {
    super('the provider broke off')
    this.how = how
  }
}

/**
 * An answer as a stream: each chunk at its time, as the listener takes them. A cut is an error of the stream; a listener
 * who leaves ends the speech. `ended` is called exactly once for a stream that is read or cancelled.
 */
export function speak(
  { chunks, end, endAfterMs = 0 }: Answer,
  clock: Clock,
  ended: (end: SpeechEnd) => void,
): ReadableStream<Uint8Array> {
  const left = new AbortController()
  const encoder = new TextEncoder()
  let next = 0
  let lastChunkAt: Millis | undefined
  let over = false
  const finish = (how: SpeechEnd['how']) => {
    if (over) return
    over = true
    ended({ how, lastChunkAt })
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = chunks[next++]
          if (chunk) {
            await clock.sleep(chunk.afterMs, left.signal)
            controller.enqueue(encoder.encode(chunk.data))
            lastChunkAt = clock.now()
          }
          if (next < chunks.length || (chunk && end !== 'clean')) return
          if (endAfterMs > 0) await clock.sleep(endAfterMs, left.signal)
          if (end === 'silent') return await leaving(left.signal)
          if (end !== 'clean') throw new BrokeOff(end === 'cut' ? 'cut' : 'reset')
          // The last chunk and the end leave together, as they do from a real server.
          controller.close()
          finish('whole')
        } catch (error) {
          if (left.signal.aborted) return
          controller.error(error)
          finish('broke-off')
        }
      },
      cancel() {
        left.abort(new Error('the listener has left'))
        finish('left')
      },
    },
    { highWaterMark: 0 },
  )
}

const leaving = (signal: AbortSignal) =>
  new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
