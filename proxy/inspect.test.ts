import { describe, expect, test } from 'vitest'
import { inspectorFor } from './inspect.ts'
import type { Shape } from './provider.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const sse = (shape: Shape, ...chunks: string[]) => {
  const inspector = inspectorFor(true, shape, 'text/event-stream')
  return { seen: chunks.map(chunk => inspector.see(bytes(chunk))), end: inspector.end() }
}
const json = (contentType: string, ...chunks: string[]) => {
  const inspector = inspectorFor(false, 'openai', contentType)
  return { seen: chunks.map(chunk => inspector.see(bytes(chunk))), end: inspector.end() }
}

describe('a stream', () => {
  test('is good from its first data line, and complete with its last event', () => {
    expect(sse('anthropic', 'event: message_start\n', 'data: {}\n\n', 'event: message_stop\ndata: {}\n\n')).toEqual({
      seen: ['unsure', 'good', 'good'],
      end: undefined,
    })
    expect(sse('openai', 'data: {}\n\n', 'data: [DONE]\n\n')).toEqual({ seen: ['good', 'good'], end: undefined })
  })
  test('without its last event is incomplete', () => {
    expect(sse('openai', 'data: {}\n\n').end).toBe('incomplete')
    expect(sse('anthropic', 'data: {}\n\n', 'data: [DONE]\n\n').end).toBe('incomplete')
  })
  test('may be split anywhere, inside characters too', () => {
    const whole = bytes('event: x\r\ndata: {"t":"ü"}\r\n\r\ndata: [DONE]\n\n')
    for (let cut = 1; cut < whole.length; cut++) {
      const inspector = inspectorFor(true, 'openai', 'text/event-stream')
      inspector.see(whole.subarray(0, cut))
      expect(inspector.see(whole.subarray(cut))).toBe('good')
      expect(inspector.end()).toBeUndefined()
    }
  })
  test('that opens with an error is a failure before anything is passed on', () => {
    expect(sse('anthropic', 'event: error\ndata: {}\n\n').seen).toEqual(['error-event'])
    expect(sse('openai', 'data: {"error":{}}\n\n').seen).toEqual(['error-event'])
  })
  test('of nonsense is malformed, of nothing empty', () => {
    expect(sse('openai', '<html>\n').seen).toEqual(['malformed'])
    expect(sse('openai').end).toBe('empty-body')
    expect(inspectorFor(true, 'openai', 'text/html').see(bytes('data: {}\n'))).toBe('malformed')
  })
})

describe('a plain answer', () => {
  test('is one JSON object, of no use before it is whole', () => {
    expect(json('application/json', ' {"a"', ':1}\n')).toEqual({ seen: ['unsure', 'unsure'], end: undefined })
  })
  test('that is too large to be held back is good from there on', () => {
    expect(json('application/json', '{"a":"', 'x'.repeat(65 * 1024), '"}')).toEqual({
      seen: ['unsure', 'good', 'good'],
      end: undefined,
    })
  })
  test.each(['{"error":{"message":"no"}}', '{ "error": "no" }', '{"type":"error","error":{}}'])(
    'with a good status may be an error: %s',
    body => {
      expect(json('application/json', body).end).toBe('error-event')
    },
  )
  test('that has no error says so, and is good', () => {
    expect(json('application/json', '{"error":null,"id":1}').end).toBeUndefined()
  })
  test('cut short is incomplete, of another kind malformed, of nothing empty', () => {
    expect(json('application/json', '{"a"').end).toBe('incomplete')
    expect(json('application/json', '<html>').seen).toEqual(['malformed'])
    expect(json('text/html', '{}').seen).toEqual(['malformed'])
    expect(json('application/json', '  ').end).toBe('empty-body')
  })
})
