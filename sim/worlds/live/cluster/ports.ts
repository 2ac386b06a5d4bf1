/** Free ports for cluster nodes: the bus takes the port 10,000 above. */
import { createServer } from 'node:net'

const busAbove = 10_000
const lowest = 10_240

/** `count` ports of 127.0.0.1 that were free together with their bus ports a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 1_000) throw new Error('no free ports for a cluster on 127.0.0.1')
    const port = await anyFreePort()
    // Below the ephemeral range no outgoing connection can take it in between, and no node's bus is another one's port.
    const candidate = lowest + (port % busAbove)
    if (!found.has(candidate) && (await isFree(candidate)) && (await isFree(candidate + busAbove))) found.add(candidate)
  }
  return [...found]
}

const anyFreePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const isFree = (port: number) =>
  new Promise<boolean>(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
