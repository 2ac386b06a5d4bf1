/**
 * How a storm's request says who it is: in the body alone, where any proxy in any language passes it through. The session
 * stands where each protocol puts its end user, the request in the text of the last message.
 */
import { z } from 'zod'
import type { Shape } from '../../proxy/provider.ts'

export interface Asked {
  request: string
  session: string
  shape: Shape
  stream: boolean
  /** The tool that the client offers and the model shall call; undefined: the model shall talk. */
  tool?: string
}

export const pathOf: Readonly<Record<Shape, string>> = {
  anthropic: '/v1/messages',
  openai: '/v1/chat/completions',
}

/** The body a client sends. */
export function bodyOf({ request, session, shape, stream, tool }: Asked): string {
  const messages = [{ role: 'user', content: opening + request }]
  const tools = tool === undefined ? undefined : [toolOf[shape](tool)]
  return JSON.stringify(
    shape === 'anthropic'
      ? { model: 'claude-storm', max_tokens: 256, stream, messages, metadata: { user_id: session }, tools }
      : { model: 'gpt-storm', stream, messages, user: session, tools },
  )
}

/** A tool as each protocol declares it, with any arguments. */
export const toolOf = {
  anthropic: (name: string) => ({ name, input_schema: { type: 'object' as const } }),
  openai: (name: string) => ({ type: 'function' as const, function: { name, parameters: { type: 'object' } } }),
}

/** The inverse; undefined for what no storm sent. A query behind the path is no part of it. */
export function readAsked(path: string, body: string): Asked | undefined {
  const shape = shapeAt(path.split('?', 1)[0]!)
  if (!shape) return undefined
  const read = bodies[shape].safeParse(jsonOf(body))
  if (!read.success) return undefined
  const { session, stream, messages, tool } = read.data
  const text = textOf(messages.at(-1)!)
  if (!text.startsWith(opening)) return undefined
  return { request: text.slice(opening.length), session, shape, stream, ...(tool !== undefined && { tool }) }
}

const opening = 'stormproof request '

const shapeAt = (path: string): Shape | undefined =>
  path === pathOf.anthropic ? 'anthropic' : path === pathOf.openai ? 'openai' : undefined

/** Content is text or blocks in both protocols: a proxy may turn one into the other. */
const message = z.object({ content: z.union([z.string(), z.array(z.object({ text: z.string() }))]) })
const common = { stream: z.boolean().nullish().transform(Boolean), messages: z.array(message).min(1) }

/** The first tool is the one that is called. */
const toolsOf = <T extends z.ZodType<string>>(named: T) =>
  z
    .array(named)
    .transform(names => names[0])
    .optional()

const bodies = {
  anthropic: z
    .object({
      ...common,
      metadata: z.object({ user_id: z.string() }),
      tools: toolsOf(z.object({ name: z.string() }).transform(({ name }) => name)),
    })
    .transform(({ metadata, tools, ...rest }) => ({ ...rest, session: metadata.user_id, tool: tools })),
  openai: z
    .object({
      ...common,
      user: z.string(),
      tools: toolsOf(z.object({ function: z.object({ name: z.string() }) }).transform(tool => tool.function.name)),
    })
    .transform(({ user, tools, ...rest }) => ({ ...rest, session: user, tool: tools })),
} as const

const textOf = ({ content }: z.infer<typeof message>): string =>
  typeof content === 'string' ? content : content.map(({ text }) => text).join('')

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
