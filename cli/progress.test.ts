import { expect, test } from 'vitest'
import { createProgress } from './progress.ts'

function listener(terminal: { isTTY?: true; columns?: number }) {
  const written: string[] = []
  const out = { ...terminal, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream
  return { written, progress: createProgress(out) }
}

test('elsewhere than on a terminal, updates do not flood', () => {
  const { written, progress } = listener({})
  progress.step('searching …')
  for (let n = 0; n < 1_000; n++) progress.update(`${n} of 1,000 seeds`)
  progress.done('found nothing')
  progress.stop()
  expect(written).toEqual(['searching …\n', 'found nothing\n'])
})

test('on a terminal one line rewrites itself, and never wraps', () => {
  const { written, progress } = listener({ isTTY: true, columns: 20 })
  progress.step('a sentence that is longer than the terminal is wide')
  progress.update('another one that is longer than the terminal is wide')
  progress.done('done')
  progress.stop()
  expect(written).toEqual(['\r\x1b[Ka sentence that is ', '\r\x1b[K', 'done\n'])
})

test('a line that stays leaves the step where it was', () => {
  const { written, progress } = listener({ isTTY: true, columns: 20 })
  progress.step('many')
  progress.note('one is done')
  progress.stop()
  expect(written).toEqual(['\r\x1b[Kmany 0 s', '\r\x1b[K', 'one is done\n', '\r\x1b[Kmany 0 s', '\r\x1b[K'])
})
