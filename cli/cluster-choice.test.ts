import { expect, test } from 'vitest'
import { clusterChosen } from './cluster-choice.ts'

test('one node or several, with or without a port, or containers', () => {
  expect(clusterChosen({ cluster: 'docker' })).toBe('docker')
  expect(clusterChosen({})).toBeUndefined()
  expect(clusterChosen({ cluster: 'redis://10.0.0.1:7001, redis://store', allowDestructive: true })).toEqual({
    at: [
      { host: '10.0.0.1', port: 7001 },
      { host: 'store', port: 6379 },
    ],
    allowDestructive: true,
  })
})

test.each(['10.0.0.1:7001', 'http://store', 'redis://', 'redis://store/3', '', 'redis://u:p@store'])(
  '%s is refused',
  cluster => {
    expect(() => clusterChosen({ cluster })).toThrow(/^--cluster/)
  },
)

test('destruction is allowed of a named cluster alone', () => {
  expect(() => clusterChosen({ allowDestructive: true })).toThrow('name it')
})
