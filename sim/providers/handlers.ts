/** The fake providers, defined as msw handlers: the same ones answer in a test's process and behind real sockets. */
import { type HttpHandler, HttpResponse, http } from 'msw'
import type { Clock, Millis } from '../../proxy/ports.ts'
import type { Shape } from '../../proxy/provider.ts'
import type { ProviderEvent } from '../history.ts'
import { randomFor } from '../random.ts'
import { type Asked, pathOf, readAsked } from './asked.ts'
import type { Behaviours } from './behaviours.ts'
import { type Answer, answer, isGood, type Pace, unreadable } from './model.ts'
import { type SpeechEnd, speak } from './speak.ts'

export interface FakeProvider {
  id: string
  pace: Pace
  behaviours: Behaviours
}

export interface HandlerOptions {
  seed: number
  clock: Clock
  /**
   * Told of each attempt's begin and end, for hosts without sockets; where there are sockets, they know better. Under msw's
   * `setupServer` a client's leaving stays unseen: msw copies the response, and one reader cannot cancel a copied stream.
   */
  witness?(event: ProviderEvent, at: Millis): void
}

/** Under this origin a provider's handlers listen. */
export const originOf = (id: string): string => `http://${id}.provider.test`

export function providerHandlers(providers: readonly FakeProvider[], options: HandlerOptions): HttpHandler[] {
  return providers.flatMap(provider => {
    const respond = responder(provider, options)
    return (['anthropic', 'openai'] satisfies Shape[]).map(shape =>
      http.post(originOf(provider.id) + pathOf[shape], ({ request }) => respond(shape, request)),
    )
  })
}

const answers = new WeakMap<Response, Answer>()

/** What a response of these handlers says, for hosts that must know what it shows. */
export const answerIn = (response: Response): Answer | undefined => answers.get(response)

function responder({ id, pace, behaviours }: FakeProvider, { seed, clock, witness }: HandlerOptions) {
  let attempts = 0
  /** How often each request has come here: a second try draws anew. */
  const tries = new Map<string, number>()

  function reply(asked: Asked): Answer {
    const nth = (tries.get(asked.request) ?? 0) + 1
    tries.set(asked.request, nth)
    const reply = answer(asked, behaviours.now(), pace, randomFor(seed, 'provider', id, asked.request, nth))
    behaviours.count(reply.shows)
    return reply
  }

  return async (shape: Shape, request: Request): Promise<Response> => {
    const beganAt = clock.now()
    const asked = readAsked(pathOf[shape], await request.text().catch(() => ''))
    const about = {
      provider: id,
      attempt: `${id}-${++attempts}`,
      request: asked?.request ?? '',
      session: asked?.session ?? '',
    }
    const spoken = asked ? reply(asked) : unreadable(shape)
    // There was no connection, and so no attempt.
    if (spoken.end === 'refused') return HttpResponse.error()
    witness?.({ kind: 'provider-began', ...about }, beganAt)
    const ended = ({ how, lastChunkAt }: SpeechEnd) => {
      const at = clock.now()
      const outcome = how === 'left' ? 'peer-closed' : how === 'whole' && isGood(spoken) ? 'served' : 'failed'
      const since = how === 'left' ? (lastChunkAt ?? beganAt) : at
      witness?.({ kind: 'provider-ended', ...about, outcome, status: spoken.status, since }, at)
    }
    const response = new HttpResponse(speak(spoken, clock, ended), { status: spoken.status, headers: spoken.headers })
    answers.set(response, spoken)
    return response
  }
}
