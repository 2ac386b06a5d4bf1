import { expect, test } from 'vitest'
import { clusterChosen, type StandingCluster } from './cluster-choice.ts'

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

test('who it is stands in the environment, and TLS in the address', () => {
  const password = { STORMPROOF_REDIS_PASSWORD: 'sesame' }
  const chosen = (cluster: string, env: NodeJS.ProcessEnv) => (clusterChosen({ cluster }, env) as StandingCluster).at
  expect(chosen('redis://a', {})).toEqual([{ host: 'a', port: 6379 }])
  expect(chosen('redis://a', password)).toEqual([{ host: 'a', port: 6379, login: { password: 'sesame' } }])
  expect(chosen('rediss://a:1,rediss://b:2', { ...password, STORMPROOF_REDIS_USERNAME: 'storm' })).toEqual([
    { host: 'a', port: 1, login: { username: 'storm', password: 'sesame', tls: true } },
    { host: 'b', port: 2, login: { username: 'storm', password: 'sesame', tls: true } },
  ])
  expect(() => chosen('redis://a', { STORMPROOF_REDIS_USERNAME: 'storm' })).toThrow('set both')
  expect(() => chosen('redis://a,rediss://b', {})).toThrow('all nodes of a cluster speak TLS, or none')
})

test.each(['redis://storm:sesame@store', 'redis://:sesame@store', 'redis://storm:ses ame@', 'storm:sesame@store'])(
  '%s: a password on the command line is refused, and not repeated',
  cluster => {
    expect(() => clusterChosen({ cluster })).toThrow(/^--cluster: (?!.*sesame).*STORMPROOF_REDIS_PASSWORD/)
  },
)

test.each(['10.0.0.1:7001', 'http://store', 'redis://', 'redis://store/3', ''])('%s is refused', cluster => {
  expect(() => clusterChosen({ cluster })).toThrow(/^--cluster/)
})

test('destruction is allowed of a named cluster alone', () => {
  expect(() => clusterChosen({ allowDestructive: true })).toThrow('name it')
})
