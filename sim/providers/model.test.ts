import { describe, expect, test } from 'vitest'
import type { Shape } from '../../proxy/provider.ts'
import { randomFor } from '../random.ts'
import type { Asked } from './asked.ts'
import { answer, type Behaviour, type Pace } from './model.ts'

const pace: Pace = { firstByteMs: 40, tokens: 3, tokenMs: 10, spread: 0.5 }
const asked = (shape: Shape, stream: boolean): Asked => ({ request: 'r1', session: 's1', shape, stream })
const answerTo = (asked: Asked, behaviour: Behaviour, seed = 1) =>
  answer(asked, behaviour, pace, randomFor(seed, 'test'))
const said = (...args: Parameters<typeof answerTo>) =>
  answerTo(...args)
    .chunks.map(({ data }) => data)
    .join('')
const dataOf = (sse: string) => [...sse.matchAll(/^data: (.*)$/gm)].map(([, data]) => data!)

test('Anthropic streams its events in the order of the protocol', () => {
  const sse = said(asked('anthropic', true), { kind: 'healthy' })
  const names = [...sse.matchAll(/^event: (.*)$/gm)].map(([, name]) => name)
  const delta = 'content_block_delta'
  expect(names).toEqual([
    ...['message_start', 'content_block_start', 'ping', delta, delta, delta],
    ...['content_block_stop', 'message_delta', 'message_stop'],
  ])
  expect(dataOf(sse).map(data => JSON.parse(data).type)).toEqual(names)
})

test('OpenAI streams chunks, a finish reason and [DONE]', () => {
  const data = dataOf(said(asked('openai', true), { kind: 'healthy' }))
  expect(data.at(-1)).toBe('[DONE]')
  const chunks = data.slice(0, -1).map(chunk => JSON.parse(chunk))
  expect(chunks.every(({ object }) => object === 'chat.completion.chunk')).toBe(true)
  expect(chunks.map(({ choices }) => choices[0].delta.content)).toEqual(['', 'word0 ', 'word1 ', 'word2 ', undefined])
  expect(chunks.at(-1).choices[0].finish_reason).toBe('stop')
})

test('streamed or plain, it is the same text', () => {
  expect(JSON.parse(said(asked('anthropic', false), { kind: 'healthy' })).content[0].text).toBe('word0 word1 word2 ')
  const plain = JSON.parse(said(asked('openai', false), { kind: 'healthy' }))
  expect(plain.choices[0].message.content).toBe('word0 word1 word2 ')
})

test('a tool that is offered is called, streamed or plain with the same arguments', () => {
  const call = (shape: Shape, stream: boolean) => said({ ...asked(shape, stream), tool: 'count' }, { kind: 'healthy' })
  const input = { words: 'word0 word1 word2 ' }
  const anthropic = JSON.parse(call('anthropic', false))
  expect(anthropic).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', name: 'count', input }] })
  const openai = JSON.parse(call('openai', false)).choices[0]
  expect(openai).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
  expect(JSON.parse(openai.message.tool_calls[0].function.arguments)).toEqual(input)

  const events = dataOf(call('anthropic', true)).map(data => JSON.parse(data))
  expect(JSON.parse(events.map(({ delta }) => delta?.partial_json ?? '').join(''))).toEqual(input)
  const chunks = dataOf(call('openai', true))
    .slice(0, -1)
    .map(data => JSON.parse(data).choices[0].delta)
  expect(JSON.parse(chunks.map(({ tool_calls }) => tool_calls?.[0].function.arguments ?? '').join(''))).toEqual(input)
})

describe('errors are those of the protocol', () => {
  const types = {
    400: 'invalid_request_error',
    401: 'authentication_error',
    404: 'not_found_error',
    429: 'rate_limit_error',
    500: 'api_error',
    529: 'overloaded_error',
  }
  test.each(Object.entries(types))('Anthropic %s', (status, type) => {
    const { headers, ...reply } = answerTo(asked('anthropic', true), {
      kind: 'error',
      status: Number(status),
      afterMs: 5,
    })
    expect(reply).toMatchObject({ status: Number(status), end: 'clean', shows: 'error' })
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(reply.chunks[0]!.data)).toEqual({
      type: 'error',
      error: { type, message: expect.any(String) },
      request_id: 'req_storm',
    })
  })
  const codes = {
    400: null,
    401: 'invalid_api_key',
    404: 'model_not_found',
    429: 'rate_limit_exceeded',
    500: null,
    529: null,
  }
  test.each(Object.entries(codes))('OpenAI %s', (status, code) => {
    const { error } = JSON.parse(said(asked('openai', true), { kind: 'error', status: Number(status), afterMs: 5 }))
    expect(error).toEqual({ message: expect.any(String), type: expect.any(String), param: null, code })
  })
  test.each(['anthropic', 'openai'] as const)('%s: 429 says when to come back; 502 is the gateway in HTML', shape => {
    expect(answerTo(asked(shape, false), { kind: 'error', status: 429, afterMs: 5 }).headers['retry-after']).toBe('1')
    const gateway = answerTo(asked(shape, false), { kind: 'error', status: 502, afterMs: 5 })
    expect(gateway.headers['content-type']).toBe('text/html')
    expect(gateway.chunks[0]!.data).toContain('502 Bad Gateway')
  })
})

test('the same chance gives the same answer, another one other times', () => {
  const ask = asked('openai', true)
  expect(answerTo(ask, { kind: 'healthy' })).toEqual(answerTo(ask, { kind: 'healthy' }))
  expect(answerTo(ask, { kind: 'healthy' }, 2)).not.toEqual(answerTo(ask, { kind: 'healthy' }, 1))
})

test('durations stay within the spread', () => {
  for (let seed = 0; seed < 200; seed++) {
    const [first, ...rest] = answerTo(asked('anthropic', true), { kind: 'healthy' }, seed).chunks
    expect(Math.abs(first!.afterMs - 40)).toBeLessThanOrEqual(20)
    for (const { afterMs } of rest) expect(Math.abs(afterMs - 10)).toBeLessThanOrEqual(5)
  }
})

test('mixed fails about as often as its ratio says', () => {
  const mixed: Behaviour = { kind: 'mixed', ratio: 0.3, of: { kind: 'error', status: 500, afterMs: 5 } }
  const shown = Array.from({ length: 2_000 }, (_, seed) => answerTo(asked('openai', true), mixed, seed).shows)
  const ratio = shown.filter(shows => shows === 'error').length / shown.length
  expect(ratio).toBeGreaterThan(0.26)
  expect(ratio).toBeLessThan(0.34)
})

test('a cut is the beginning of the good answer', () => {
  const ask = asked('openai', true)
  const cut = answerTo(ask, { kind: 'cut', afterChunks: 2 })
  expect(cut).toMatchObject({ status: 200, end: 'cut', shows: 'cut' })
  expect(cut.chunks).toEqual(answerTo(ask, { kind: 'healthy' }).chunks.slice(0, 2))
})

test('a tail: so large a share begins so much later', () => {
  const first = (seed: number) =>
    answer(
      asked('openai', true),
      { kind: 'healthy' },
      { ...pace, spread: 0, tail: { share: 0.2, times: 10 } },
      randomFor(seed, 'tail'),
    ).chunks[0]!.afterMs
  const all = Array.from({ length: 2_000 }, (_, seed) => first(seed))
  expect(new Set(all)).toEqual(new Set([40, 400]))
  const late = all.filter(ms => ms === 400).length / all.length
  expect(late).toBeGreaterThan(0.17)
  expect(late).toBeLessThan(0.23)
})

test('a request at fault is at fault wherever it comes, and however often', () => {
  const behaviour: Behaviour = { kind: 'rejects', ratio: 0.4, afterMs: 5 }
  const shown = (request: string, seed: number) =>
    answerTo({ ...asked('openai', true), request }, behaviour, seed).shows
  const requests = Array.from({ length: 500 }, (_, n) => `r${n}`)
  const rejected = requests.filter(request => shown(request, 1) === 'rejects')
  expect(requests.filter(request => shown(request, 2) === 'rejects')).toEqual(rejected)
  expect(rejected.length / requests.length).toBeGreaterThan(0.33)
  expect(rejected.length / requests.length).toBeLessThan(0.47)
})

test('a cut may come in the middle of a word', () => {
  const ask = asked('anthropic', true)
  const [first, second] = answerTo(ask, { kind: 'healthy' }).chunks
  const cut = answerTo(ask, { kind: 'cut', afterChunks: 1, afterBytes: 7 })
  expect(cut.chunks).toEqual([first, { ...second, data: second!.data.slice(0, 7) }])
})
