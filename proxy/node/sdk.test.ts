/** The official SDKs, unchanged, pointed at the proxy: what they understand, and which error they raise. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { toolOf } from '../../sim/providers/asked.ts'
import type { Pace } from '../../sim/providers/model.ts'
import { type OneProxy, type OneProxyOptions, openOneProxy } from '../../sim/worlds/live/one-proxy.ts'

const callerKey = 'the-callers-key'
const providerKey = 'the-providers-key'
const said = 'word0 word1 word2 word3 '
const endless: Pace = { firstByteMs: 0, tokens: 10_000, tokenMs: 20, spread: 0 }
const silent: Pace = { ...endless, firstByteMs: 600_000 }

let proxy: OneProxy
afterEach(() => proxy[Symbol.asyncDispose]())

async function open(options: Partial<OneProxyOptions> = {}) {
  const instance = { keys: [callerKey], providerKeys: new Map([['alpha', { key: providerKey }]]) }
  proxy = await openOneProxy({ providers: [{ id: 'alpha', attempts: 1 }], instance, ...options })
  return proxy
}

interface Asks {
  stream?: boolean
  tool?: string
  signal?: AbortSignal
  apiKey?: string
  timeout?: number
}

/** One SDK, and its own words for what both can do. */
interface Sdk {
  errors: Record<number, new (...args: never[]) => Error>
  timeoutError: new (...args: never[]) => Error
  /** The text that was said, or the arguments of the tool that was called. */
  ask(asks: Asks): Promise<string>
  /** The same as it comes. */
  stream(asks: Asks): AsyncGenerator<string>
}

const request = 'stormproof request r1'

const anthropic: Sdk = {
  errors: {
    400: Anthropic.BadRequestError,
    401: Anthropic.AuthenticationError,
    404: Anthropic.NotFoundError,
    429: Anthropic.RateLimitError,
    500: Anthropic.InternalServerError,
    529: Anthropic.InternalServerError,
  },
  timeoutError: Anthropic.APIConnectionTimeoutError,
  async ask({ stream, tool, ...asks }) {
    const { client, body, options } = anthropicAsk({ ...asks, ...(tool !== undefined && { tool }) })
    const message = stream
      ? await client.messages.stream(body, options).finalMessage()
      : await client.messages.create(body, options)
    return message.content
      .map(block => (block.type === 'text' ? block.text : block.type === 'tool_use' ? JSON.stringify(block.input) : ''))
      .join('')
  },
  async *stream(asks) {
    const { client, body, options } = anthropicAsk(asks)
    for await (const event of await client.messages.create({ ...body, stream: true }, options))
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text
  },
}

function anthropicAsk({ tool, signal, apiKey = callerKey, timeout = 10_000 }: Asks) {
  const client = new Anthropic({ apiKey, baseURL: proxy.url, maxRetries: 0, timeout })
  const body = {
    model: 'claude-storm',
    max_tokens: 99,
    messages: [{ role: 'user' as const, content: request }],
    metadata: { user_id: 's1' },
    ...(tool !== undefined && { tools: [toolOf.anthropic(tool)] }),
  }
  return { client, body, options: { ...(signal && { signal }) } }
}

const openai: Sdk = {
  errors: {
    400: OpenAI.BadRequestError,
    401: OpenAI.AuthenticationError,
    404: OpenAI.NotFoundError,
    429: OpenAI.RateLimitError,
    500: OpenAI.InternalServerError,
    529: OpenAI.InternalServerError,
  },
  timeoutError: OpenAI.APIConnectionTimeoutError,
  async ask({ stream, ...asks }) {
    const { client, body, options } = openaiAsk(asks)
    const completion = stream
      ? await client.chat.completions.stream(body, options).finalChatCompletion()
      : await client.chat.completions.create(body, options)
    const { content, tool_calls } = completion.choices[0]!.message
    const [call] = tool_calls ?? []
    return call?.type === 'function' ? call.function.arguments : (content ?? '')
  },
  async *stream(asks) {
    const { client, body, options } = openaiAsk(asks)
    for await (const chunk of await client.chat.completions.create({ ...body, stream: true }, options))
      yield chunk.choices[0]?.delta.content ?? ''
  },
}

function openaiAsk({ tool, signal, apiKey = callerKey, timeout = 10_000 }: Asks) {
  const client = new OpenAI({ apiKey, baseURL: `${proxy.url}/v1`, maxRetries: 0, timeout })
  const body = {
    model: 'gpt-storm',
    messages: [{ role: 'user' as const, content: request }],
    user: 's1',
    ...(tool !== undefined && { tools: [toolOf.openai(tool)] }),
  }
  return { client, body, options: { ...(signal && { signal }) } }
}

/** Nothing is held, and the provider has seen the socket close. A second is what is promised. */
const letGo = () =>
  vi.waitFor(
    () => {
      expect(proxy.sessionsAt('alpha')).toEqual([])
      expect(proxy.seen.at(-1)).toMatchObject({ kind: 'provider-ended', outcome: 'peer-closed' })
    },
    { timeout: 1_000, interval: 5 },
  )

test('each SDK is answered by whoever speaks its protocol, and by nobody else', async () => {
  await open({
    providers: [
      { id: 'alpha', shapes: ['anthropic'] },
      { id: 'beta', shapes: ['openai'] },
    ],
  })
  await openai.ask({})
  await anthropic.ask({})
  const began = proxy.seen.filter(({ kind }) => kind === 'provider-began')
  expect(began.map(({ provider }) => provider)).toEqual(['beta', 'alpha'])
  await proxy[Symbol.asyncDispose]()
  await open({ providers: [{ id: 'alpha', shapes: ['anthropic'] }] })
  const error = await openai.ask({}).catch(error => error)
  expect(error).toBeInstanceOf(openai.errors[404]!)
  expect(error.message).toContain('/v1/messages')
})

describe.each([
  ['@anthropic-ai/sdk', anthropic],
  ['openai', openai],
])('%s', (_name, sdk) => {
  test.each([false, true])('gets the whole text (streamed: %s)', async stream => {
    await open()
    expect(await sdk.ask({ stream })).toBe(said)
    expect(proxy.seen.at(-1)).toMatchObject({ session: 's1', outcome: 'served' })
    await vi.waitFor(() => expect(proxy.sessionsAt('alpha')).toEqual([]))
  })

  test.each([false, true])('gets a tool call, and can parse its arguments (streamed: %s)', async stream => {
    await open()
    expect(JSON.parse(await sdk.ask({ stream, tool: 'count' }))).toEqual({ words: said })
  })

  test.each([400, 404, 429, 500, 529].flatMap(status => [true, false].map(stream => ({ status, stream }))))(
    'raises its own error for a provider’s $status (streamed: $stream)',
    async ({ status, stream }) => {
      await open()
      proxy.served.behaviours('alpha').behave({ kind: 'error', status, afterMs: 1 })
      const error = await sdk.ask({ stream }).catch(error => error)
      expect(error).toBeInstanceOf(sdk.errors[status]!)
      expect(error).toMatchObject({ status })
    },
  )

  test('is not blamed for the proxy’s own key', async () => {
    await open()
    proxy.served.behaviours('alpha').behave({ kind: 'error', status: 401, afterMs: 1 })
    const error = await sdk.ask({}).catch(error => error)
    expect(error).toBeInstanceOf(sdk.errors[500]!)
    expect(String(error)).not.toContain('API key provided')
  })

  test('raises its own error for a wrong key, which no provider sees', async () => {
    await open()
    const error = await sdk.ask({ apiKey: 'wrong' }).catch(error => error)
    expect(error).toBeInstanceOf(sdk.errors[401]!)
    expect(proxy.seen).toEqual([])
  })

  test('raises its own error at the limit, and is told when to come back', async () => {
    await open({ providers: [{ id: 'alpha', unit: 'attempt', limit: 1 }], pace: endless })
    const first = sdk.stream({})
    await first.next()
    const error = await sdk.ask({}).catch(error => error)
    expect(error).toBeInstanceOf(sdk.errors[429]!)
    expect(Number(error.headers.get('retry-after'))).toBeGreaterThan(0)
    await first.return(undefined)
    await letGo()
  })

  test('raises its own error when nobody listens at the provider', async () => {
    await open({ providers: [{ id: 'alpha', baseUrl: 'http://127.0.0.1:1' }] })
    const error = await sdk.ask({}).catch(error => error)
    expect(error).toBeInstanceOf(sdk.errors[500]!)
    expect(JSON.stringify(error)).not.toContain('127.0.0.1')
  })

  test('raises its own error when the proxy loses patience with the provider', async () => {
    await open({ providers: [{ id: 'alpha', firstByteMs: 50 }], pace: silent })
    const error = await sdk.ask({ stream: true }).catch(error => error)
    expect(error).toBeInstanceOf(sdk.errors[500]!)
    expect(error).toMatchObject({ status: 504 })
    await letGo()
  })

  test('raises its own error when it loses patience, and the slot and the upstream go with it', async () => {
    await open({ pace: silent })
    await expect(sdk.ask({ timeout: 100 })).rejects.toThrow(sdk.timeoutError)
    await letGo()
  })

  test('an aborted stream frees the slot and closes the upstream', async () => {
    await open({ pace: endless })
    const leaving = new AbortController()
    const stream = sdk.stream({ signal: leaving.signal })
    await stream.next()
    expect(proxy.sessionsAt('alpha')).toEqual(['s:s1'])
    leaving.abort()
    await stream.next().catch(() => {})
    await letGo()
    expect(proxy.told.findLast(({ kind }) => kind === 'request-ended')).toMatchObject({ outcome: 'aborted' })
  })

  test('a stream that is cut is an error after what was said', async () => {
    await open()
    proxy.served.behaviours('alpha').behave({ kind: 'cut', afterChunks: 3 })
    let heard = ''
    const listening = (async () => {
      for await (const text of sdk.stream({})) heard += text
    })()
    await expect(listening).rejects.toThrow()
    expect(heard).toBe('word0 word1 ')
    expect(proxy.told.findLast(({ kind }) => kind === 'request-ended')).toMatchObject({ outcome: 'incomplete' })
  })
})
