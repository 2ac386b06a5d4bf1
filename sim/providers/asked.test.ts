import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Asked, bodyOf, pathOf, readAsked } from './asked.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    '"',
    "'",
    '\n',
    '\r\n',
    '\0',
    '#',
    'a#b',
    '{alpha}',
    '\\u0000',
    'stormproof request ',
    'ü𝄞',
    '\ud800',
  ),
)
const anyAsked: fc.Arbitrary<Asked> = fc.record(
  {
    request: anyText,
    session: anyText,
    shape: fc.constantFrom('anthropic', 'openai'),
    stream: fc.boolean(),
    tool: anyText,
  },
  { requiredKeys: ['request', 'session', 'shape', 'stream'] },
)

test('what a client writes into a body, a provider reads out of it', () => {
  fc.assert(fc.property(anyAsked, asked => void expect(readAsked(pathOf[asked.shape], bodyOf(asked))).toEqual(asked)))
})

test('a proxy may write the body anew, add a query, and turn the text into blocks', () => {
  const asked: Asked = { request: 'r1', session: 's "1"', shape: 'anthropic', stream: true }
  const { messages, ...rest } = JSON.parse(bodyOf(asked)) as { messages: { content: string }[] }
  const blocks = messages.map(message => ({ ...message, content: [{ type: 'text', text: message.content }] }))
  expect(readAsked('/v1/messages?beta=true', JSON.stringify({ messages: blocks, ...rest }, null, 2))).toEqual(asked)
})

test.each([
  ['no JSON', '/v1/messages', 'hello'],
  ['nothing', '/v1/messages', ''],
  ['null', '/v1/messages', 'null'],
  ['no session', '/v1/messages', '{"messages":[{"role":"user","content":"stormproof request r1"}]}'],
  ['no message', '/v1/chat/completions', '{"user":"s1","messages":[]}'],
  ['another text', '/v1/chat/completions', '{"user":"s1","messages":[{"role":"user","content":"hello"}]}'],
  ['another path', '/v1/embeddings', bodyOf({ request: 'r1', session: 's1', shape: 'openai', stream: false })],
  ['the other shape', '/v1/messages', bodyOf({ request: 'r1', session: 's1', shape: 'openai', stream: false })],
])('%s is not a request of a storm', (_, path, body) => expect(readAsked(path, body)).toBeUndefined())

test('whatever the body is, reading it does not throw', () => {
  const paths = fc.constantFrom(...Object.values(pathOf))
  fc.assert(fc.property(paths, fc.json(), (path, body) => void readAsked(path, body)))
})
