/** The fake providers, defined as msw handlers: the same ones answer in a test's process and behind real sockets. */
import { HttpResponse, type HttpHandler, http } from 'msw'
import type { Millis } from '../../proxy/ports.ts'
import { randomFor } from '../random.ts'
import { pathOf, readAsked } from './asked.ts'
import type { Behaviours } from './behaviours.ts'
import { type Answer, answer, type Pace } from './model.ts'

export interface FakeProvider {
  id: string
  pace: Pace
  behaviours: Behaviours
}

export interface HandlerOptions {
  seed: number
  /** Rejects when the signal fires. */
  sleep(ms: Millis, signal: AbortSignal): Promise<void>
}

/** Under this origin a provider's handlers listen. */
export const originOf = (id: string): string => `http://${id}.provider.test`

export function providerHandlers(providers: readonly FakeProvider[], options: HandlerOptions): HttpHandler[] {
  return providers.flatMap(provider => Object.values(pathOf).map(path => handlerFor(provider, path, options)))
}

function handlerFor({ id, pace, behaviours }: FakeProvider, path: string, { seed, sleep }: HandlerOptions): HttpHandler {
  return http.post(originOf(id) + path, async ({ request }) => {
    const asked = readAsked(path, await request.text())
    if (!asked) return HttpResponse.json({ error: { message: 'not a request of a storm' } }, { status: 400 })
    const random = randomFor(seed, 'provider', id, asked.request)
    const reply = answer(asked, behaviours.now(), pace, random)
    behaviours.count(reply.shows)
    return new HttpResponse(bodyOf(reply, sleep), { status: reply.status, headers: reply.headers })
  })
}

/** Speaks each chunk at its time, as the reader takes them; a cut is an error of the stream, and leaving ends the speech. */
function bodyOf({ chunks, end }: Answer, sleep: HandlerOptions['sleep']): ReadableStream<Uint8Array> {
  const left = new AbortController()
  const encoder = new TextEncoder()
  let next = 0
  return new ReadableStream(
    {
      async pull(controller) {
        const chunk = chunks[next++]
        if (!chunk) return end === 'clean' ? controller.close() : controller.error(new Error('the provider broke off'))
        try {
          await sleep(chunk.afterMs, left.signal)
          controller.enqueue(encoder.encode(chunk.data))
          // The last chunk and the end leave together, as they do from a real server.
          if (next === chunks.length && end === 'clean') controller.close()
        } catch (error) {
          if (!left.signal.aborted) controller.error(error)
        }
      },
      cancel: () => left.abort(new Error('the reader has left')),
    },
    { highWaterMark: 0 },
  )
}
