/**
 * How a storm's request says who it is: in the body alone, where any proxy in any language passes it through. The session
 * stands where each protocol puts its end user, the request in the text of the message.
 */
import type { Shape } from '../../proxy/provider.ts'

export interface Asked {
  request: string
  session: string
  shape: Shape
  stream: boolean
}

export const pathOf: Record<Shape, string> = { anthropic: '/v1/messages', openai: '/v1/chat/completions' }

const opening = 'stormproof request '

/** The body a client sends. */
export function bodyOf({ request, session, shape, stream }: Asked): string {
  const messages = [{ role: 'user', content: opening + request }]
  return JSON.stringify(
    shape === 'anthropic'
      ? { model: 'claude-storm', max_tokens: 256, stream, messages, metadata: { user_id: session } }
      : { model: 'gpt-storm', stream, messages, user: session },
  )
}

/** The inverse; undefined for what no storm sent. */
export function readAsked(path: string, body: string): Asked | undefined {
  try {
    const shape = path === pathOf.anthropic ? 'anthropic' : path === pathOf.openai ? 'openai' : undefined
    const parsed = JSON.parse(body)
    const session = shape === 'anthropic' ? parsed.metadata.user_id : parsed.user
    const content: unknown = parsed.messages.at(-1).content
    if (!shape || typeof session !== 'string' || typeof content !== 'string' || !content.startsWith(opening)) return undefined
    return { request: content.slice(opening.length), session, shape, stream: parsed.stream === true }
  } catch {
    return undefined
  }
}
