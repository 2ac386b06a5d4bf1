import type { Clock, Millis } from '../../proxy/ports.ts'
import type { Answer } from './model.ts'

/** `whole`: everything was said. `broke-off`: the answer breaks here. `left`: the listener went away. */
export interface SpeechEnd {
  how: 'whole' | 'broke-off' | 'left'
  /** When the last chunk was taken; undefined when none was. */
  lastChunkAt: Millis | undefined
}

/**
 * An answer as a stream: each chunk at its time, as the listener takes them. A cut is an error of the stream; a listener
 * who leaves ends the speech. `ended` is called exactly once for a stream that is read or cancelled.
 */
export function speak(
  { chunks, end }: Answer,
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
          if (next < chunks.length || (chunk && end === 'cut')) return
          if (end === 'cut') throw new Error('the provider broke off')
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
