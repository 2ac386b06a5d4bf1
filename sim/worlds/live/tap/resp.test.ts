import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CommandReader, encode } from './resp.ts'

test('commands come back as they were, with every byte counted, wherever the stream is cut', () => {
  const commands = fc.array(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), { maxLength: 8 })
  fc.assert(
    fc.property(commands, fc.array(fc.nat(400), { maxLength: 6 }), (sent, cuts) => {
      const wire = Buffer.from(sent.map(args => encode(...args)).join(''))
      const places = [...new Set([0, ...cuts.filter(cut => cut < wire.length), wire.length])].sort((a, b) => a - b)
      const reader = new CommandReader()
      const read = places.slice(1).flatMap((to, n) => reader.read(wire.subarray(places[n], to)))
      expect(read.map(({ args }) => args)).toEqual(sent)
      expect(read.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(wire.length)
    }),
  )
})

test('bare newlines between commands are outside the stream', () => {
  const read = new CommandReader().read(Buffer.from(`\n\n${encode('PING')}\n`))
  expect(read).toEqual([{ args: ['PING'], bytes: encode('PING').length }])
})

test('anything else is an error', () => {
  expect(() => new CommandReader().read(Buffer.from('+OK\r\n'))).toThrow('not a command')
})
