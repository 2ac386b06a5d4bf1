/** Somebody else's cluster: one that asks for a password, one that speaks TLS and nothing else. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lease } from '../../../proxy/tracker/index.ts'
import * as checks from '../../checks/index.ts'
import type { Event } from '../../history.ts'
import { poisson } from '../../load/index.ts'
import { makePlan } from '../../plan.ts'
import { run } from '../../run.ts'
import type { Scenario, ScheduledFault } from '../../scenario.ts'
import { provider, topology } from '../../topology.ts'
import { type Address, atNode, type Login } from './cluster/at-node.ts'
import { form, primaries } from './cluster/form.ts'
import { type LiveCluster, launchCluster } from './cluster/index.ts'
import { joinCluster } from './cluster/joined.ts'
import { type RedisNode, startNode } from './cluster/node.ts'
import { freePorts } from './cluster/ports.ts'
import { openLive } from './index.ts'
import { openRelay } from './links/relay.ts'
import { Way } from './links/way.ts'
import { findRedisServer, thisMachine } from './redis-server.ts'

const pace = { firstByteMs: 10, tokens: 3, tokenMs: 5, spread: 0.2 }
const stormWith = (...faults: ScheduledFault[]): Scenario => ({
  name: 'guarded',
  claim: 'every part of the live world gets in',
  worlds: ['live'],
  topology: topology({ providers: [provider({ id: 'alpha', limit: 20 }), provider({ id: 'beta', limit: 20 })] }),
  paces: { alpha: pace, beta: pace },
  phases: { baselineAt: 0, stormAt: 200, recoveryAt: 1_200, endAt: 1_500 },
  load: [poisson({ name: 'load', from: 0, to: 1_400, perSecond: 60 })],
  faults,
  checks: [checks.limitsHold, checks.everySlotReturned, checks.everyRequestAnswered],
  catches: [],
  spares: [],
})
const moves: ScheduledFault = { at: 300, for: 800, call: { fault: 'slot-migrates', provider: 'alpha' } }

const joinedAt = ({ host, port }: Address, login: Login = {}) =>
  joinCluster({ at: [{ host, port, login }], allowDestructive: true, keyPrefix: 'sp-guarded-' })

/** Whatever failed, and whether levers and observer got in; on a busy machine load and observer may be late, which is none of this. */
async function playedAt(node: Address, login: Login, ...faults: ScheduledFault[]) {
  const cluster = await joinedAt(node, login)
  const scenario = stormWith(...faults)
  const { signal } = new AbortController()
  const history: Event[] = []
  const { verdicts } = await run(
    { scenario, tracker: lease, plan: makePlan(scenario, 1) },
    (plan, tell) => openLive({ cluster, plan, tracker: lease, signal, tell }),
    event => void history.push(event),
  )
  expect(JSON.stringify(history)).not.toContain('sesame')
  const result = (name: string) => {
    const { result, because } = verdicts.find(({ check }) => check === name)!
    return result === 'pass' ? result : because
  }
  return {
    failed: verdicts.filter(({ result }) => result === 'fail'),
    landed: result('faults-landed'),
    counted: history.some(event => event.kind === 'store-changed'),
  }
}

const allIn = { failed: [], landed: 'pass', counted: true }

describe('a password', () => {
  const anybody: Login = { password: 'open sesame' }
  const storm: Login = { username: 'storm', password: 'sesame; "open"' }
  let cluster: LiveCluster
  beforeAll(async () => {
    cluster = await launchCluster({ server: await findRedisServer(thisMachine(console.error)) })
    await Promise.all(
      cluster.nodes.map(node =>
        atNode(node, async redis => {
          await redis.call('ACL', 'SETUSER', storm.username!, 'on', `>${storm.password}`, '~*', '&*', '+@all')
          await redis.config('SET', 'masterauth', anybody.password!)
          await redis.config('SET', 'requirepass', anybody.password!)
        }),
      ),
    )
  })
  afterAll(() => cluster?.stop())

  test.each([
    ['the default user', anybody],
    ['a user of its own', storm],
  ])('proxies, tap, samplers and a migration get in as %s', async (_who, login) => {
    expect(await playedAt(cluster.nodes[0]!, login, moves)).toEqual(allIn)
  })

  test.each([
    ['nobody', {}, 'asks for a password (NOAUTH)'],
    ['somebody unknown', { ...storm, password: 'guessed' }, 'does not know this user and password (WRONGPASS)'],
  ])('%s is told what to do, and no password', async (_who, login, says) => {
    const refused = await joinedAt(cluster.nodes[0]!, login).catch(String)
    expect(refused).toContain(says)
    expect(refused).toContain('STORMPROOF_REDIS_PASSWORD')
    expect(refused).not.toMatch(/guessed|sesame/)
  })
})

// Debian's `ca-certificates` brings it along.
const openssl = spawnSync('openssl', ['version']).status === 0

describe.runIf(openssl)('TLS', () => {
  const trusted = getCACertificates('default')
  const { NODE_EXTRA_CA_CERTS } = process.env
  const nodes: RedisNode[] = []
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stormproof-tls-'))
    const server = await findRedisServer(thisMachine(console.error))
    const tls = selfSigned(folder)
    const { certificate } = tls
    setDefaultCACertificates([...trusted, await readFile(certificate, 'utf8')])
    // The parts are processes of their own.
    process.env.NODE_EXTRA_CA_CERTS = certificate
    for (const port of await freePorts(2 * primaries))
      nodes.push(await startNode({ server, port, folder: join(folder, String(port)), nodeTimeoutMs: 1_000, tls }))
    await form(nodes)
  })
  afterAll(async () => {
    setDefaultCACertificates(trusted)
    if (NODE_EXTRA_CA_CERTS === undefined) delete process.env.NODE_EXTRA_CA_CERTS
    else process.env.NODE_EXTRA_CA_CERTS = NODE_EXTRA_CA_CERTS
    await Promise.all(nodes.map(node => node.kill()))
    await rm(folder, { recursive: true, force: true })
  })

  test('proxies, tap, samplers and a migration get in', async () => {
    expect(await playedAt(nodes[0]!, { tls: true }, moves)).toEqual(allIn)
  })

  test('a relay speaks it towards the node alone', async () => {
    const { host, port } = nodes[0]!
    const relay = await openRelay({ host, port, login: { tls: true } }, new Way())
    try {
      expect(await atNode({ host, port: relay.port }, redis => redis.ping())).toBe('PONG')
    } finally {
      await relay.close()
    }
  })

  test('nobody gets in without it, or by a certificate that is not trusted', async () => {
    expect(await joinedAt(nodes[0]!).catch(String)).toContain('no node of a Redis Cluster answers')
    setDefaultCACertificates(trusted)
    expect(await joinedAt(nodes[0]!, { tls: true }).catch(String)).toContain('has a certificate that is not trusted')
  })
})

function selfSigned(folder: string): { certificate: string; key: string } {
  const [certificate, key] = [join(folder, 'loopback.crt'), join(folder, 'loopback.key')]
  const names = ['-subj', '/CN=loopback', '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', certificate], { stdio: 'pipe' })
  return { certificate, key }
}
