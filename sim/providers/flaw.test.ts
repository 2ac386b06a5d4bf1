import { expect, test } from 'vitest'
import { flawOf } from './flaw.ts'
import { shapes } from './shapes.ts'

const words = ['one ', 'two ']

test.each(['anthropic', 'openai'] as const)('%s: whole answers have no flaw, whatever their line ends', shape => {
  const streamed = shapes[shape].streamed(words).join('')
  expect(flawOf(streamed, { shape, stream: true })).toBeUndefined()
  expect(flawOf(streamed.replaceAll('\n', '\r\n'), { shape, stream: true })).toBeUndefined()
  expect(flawOf(shapes[shape].plain(words), { shape, stream: false })).toBeUndefined()
})

test.each(['anthropic', 'openai'] as const)('%s: a beginning of an answer is flawed, wherever it ends', shape => {
  const streamed = shapes[shape].streamed(words).join('')
  for (let length = 0; length < streamed.length; length++)
    expect(flawOf(streamed.slice(0, length), { shape, stream: true })).toMatch('ended without')
  const plain = shapes[shape].plain(words)
  for (let length = 0; length < plain.length; length++)
    expect(flawOf(plain.slice(0, length), { shape, stream: false })).toBe('the body is not JSON')
})

test('a terminator that is spoken of is none', () => {
  const talk = shapes.openai.streamed(['data: [DONE]', 'event: message_stop']).slice(0, -1).join('')
  expect(flawOf(talk, { shape: 'openai', stream: true })).toMatch('ended without')
})

test('something else behind the terminator is a flaw', () => {
  const twice = `${shapes.openai.streamed(words).join('')}data: {"error":{}}\n\n`
  expect(flawOf(twice, { shape: 'openai', stream: true })).toMatch('ended without')
})

test.each(['anthropic', 'openai'] as const)('%s: an error event is a flaw, and no end of a stream', shape => {
  const [opening, ...rest] = shapes[shape].streamed(words)
  const error = `${shape === 'anthropic' ? 'event: error\n' : ''}data: {"error":{"message":"no"}}\n\n`
  expect(flawOf(opening + error, { shape, stream: true })).toMatch('ended without')
  expect(flawOf(opening + error + rest.join(''), { shape, stream: true })).toBe('the stream says that it failed')
})
