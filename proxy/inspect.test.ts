import fc from 'fast-check'
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

describe('whole events', () => {
  const open = (text: string) => {
    const inspector = inspectorFor(true, 'openai', 'text/event-stream')
    inspector.see(bytes(text))
    return inspector.open
  }
  test.each([
    ['data: {}\n\n', 0],
    ['data: {}\n\ndata: {', 'data: {'.length],
    ['data: {}\n', 'data: {}\n'.length],
    ['data: {}\r\n\r\n', 0],
    ['data: {}\r\n\r', 0],
    ['data: {}\r\r', 0],
    ['data: {}\n\n\n\n', 0],
    [': a comment\n\nid: 7', 'id: 7'.length],
  ])('end with a blank line: %j', (text, length) => {
    expect(open(text)).toBe(length)
  })

  const line = fc.constantFrom(
    ': ping',
    'id: 1',
    'retry:5',
    'event: message_stop',
    'event: x',
    'data: {"t":"ü"}',
    'data:[DONE]',
    'data: [DONE]',
    'data',
    `data: ${'long'.repeat(40)}`,
    '',
    '',
    '',
    'data: {"error":{}}',
    'data: {"error":null}',
    'event: error',
    'nonsense',
    'database: no',
  )
  const shape = fc.constantFrom<Shape>('openai', 'anthropic')
  const ending = fc.constantFrom('\n', '\n', '\r\n', '\r')

  test('are found the same, however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, ending), { maxLength: 12 }),
        fc.array(fc.nat(200)),
        shape,
        (lines, cuts, of) => {
          const whole = bytes(lines.flat().join(''))
          const read = (at: readonly number[]) => {
            const inspector = inspectorFor(true, of, 'text/event-stream')
            let seen: string = 'unsure'
            const edges = [0, ...at.filter(cut => cut < whole.length).toSorted((a, b) => a - b), whole.length]
            for (const [n, from] of edges.slice(0, -1).entries()) {
              seen = inspector.see(whole.subarray(from, edges[n + 1]))
              if (seen !== 'unsure' && seen !== 'good') return { seen }
            }
            return { seen, open: inspector.open, complete: inspector.complete, end: inspector.end() }
          }
          expect(read(cuts)).toEqual(read([]))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  /** As the standard says it, on the text as a whole. */
  function oracle(text: string, of: Shape) {
    let state = { data: false, error: false, last: false }
    let seen = 'unsure'
    let complete = false
    const pieces = text.split(/(\r\n|\n|\r)/)
    let at = 0
    let wholeTo = 0
    for (let n = 0; n + 1 < pieces.length; n += 2) {
      const one = pieces[n]!
      at += one.length + pieces[n + 1]!.length
      if (one === '') {
        wholeTo = at
        if (state.error) return { seen: 'error-event' }
        if (state.data) seen = 'good'
        complete ||= state.data && state.last
        state = { data: false, error: false, last: false }
      } else if (!one.startsWith(':')) {
        const [, name, value = ''] = /^(event|data|id|retry)(?::(.*))?$/.exec(one) ?? []
        if (!name) return { seen: 'malformed' }
        const said = value.replace(/^ /, '')
        if (name === 'data') {
          state.data = true
          if (said.startsWith('{"error"') && said !== '{"error":null}') state.error = true
          if (of === 'openai' && said === '[DONE]') state.last = true
        }
        if (name === 'event') {
          if (said === 'error') state.error = true
          if (of === 'anthropic' && said === 'message_stop') state.last = true
        }
      }
    }
    return { seen, open: bytes(text).length - bytes(text.slice(0, wholeTo)).length, complete }
  }

  test('are those of the standard', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(line, ending), { maxLength: 12 }), shape, (lines, of) => {
        // A return and a feed of two different lines would be one end of a line.
        const text = lines.flat().join('').replaceAll('\r\n\n', '\n\n')
        const inspector = inspectorFor(true, of, 'text/event-stream')
        const seen = text === '' ? 'unsure' : inspector.see(bytes(text))
        const expected = oracle(text, of)
        expect(seen).toBe(expected.seen)
        if ('open' in expected)
          expect({ open: inspector.open, complete: inspector.complete }).toEqual({
            open: expected.open,
            complete: expected.complete,
          })
      }),
      { numRuns: 3_000 },
    )
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
