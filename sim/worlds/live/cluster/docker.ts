/** The same cluster in containers on the host's network: made of the machine's own server, so that nothing is downloaded. */
import { execFile, spawn } from 'node:child_process'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type { StartedTestContainer } from 'testcontainers'
import { EnvironmentNotReady } from '../environment.ts'
import type { RedisServer } from '../redis-server.ts'
import type { Address } from './at-node.ts'
import { form, type LoneNode, primaries } from './form.ts'
import { administer, flagsOf } from './node.ts'
import { freePorts } from './ports.ts'

export interface DockerCluster {
  nodes: readonly Address[]
  /** Removes every container. */
  stop(): Promise<void>
}

const nodeTimeoutMs = 1_000
const exec = promisify(execFile)

/** Rejects with `EnvironmentNotReady` where no engine answers. */
export async function startDockerCluster(server: RedisServer): Promise<DockerCluster> {
  const image = await imageOf(server)
  const { GenericContainer, Wait } = await import('testcontainers').catch(() => {
    throw new EnvironmentNotReady('--cluster docker needs the package testcontainers: install it')
  })
  const started: (LoneNode & { container: StartedTestContainer })[] = []
  async function stop() {
    for (const { admin } of started) admin.disconnect()
    await Promise.all(started.map(({ container }) => container.stop({ timeout: 0 })))
  }
  try {
    for (const port of await freePorts(2 * primaries)) {
      const container = await new GenericContainer(image)
        .withNetworkMode('host')
        .withCommand([server.path, ...flagsOf(port, nodeTimeoutMs)])
        .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
        .start()
      const admin = administer(port)
      started.push({
        host: '127.0.0.1',
        port,
        admin,
        container,
        // A container whose port is taken never says that it is ready.
        answers: async () => (await admin.ping()) === 'PONG',
        hasEnded: () => false,
        logTail: async () => `see docker logs ${container.getId()}`,
      })
    }
    await form(started)
    return { nodes: started.map(({ host, port }) => ({ host, port })), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The server and the libraries it is linked to, and nothing else. */
async function imageOf({ path, flavour, version }: RedisServer): Promise<string> {
  await exec('docker', ['info']).catch(() => {
    throw new EnvironmentNotReady(
      'no container engine answers `docker info`: start one, or play without --cluster docker',
    )
  })
  const { stdout: linked } = await exec('ldd', [path])
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, library]) => library!)
  const name = `stormproof-${flavour}:${version}`
  const files = [path, ...new Set(libraries)].map(file => file.slice(1))
  // Links are followed: what they point to is not in the image.
  const tar = spawn('tar', ['-C', '/', '-chf', '-', ...files], { stdio: ['ignore', 'pipe', 'inherit'] })
  const imported = spawn('docker', ['import', '-', name], { stdio: ['pipe', 'ignore', 'inherit'] })
  const done = new Promise<void>((resolve, reject) => {
    imported.once('error', reject)
    imported.once('exit', code => (code === 0 ? resolve() : reject(new Error(`docker import ended with ${code}`))))
  })
  await Promise.all([pipeline(tar.stdout, imported.stdin), done])
  return name
}
