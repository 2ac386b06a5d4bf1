/** The keeper of a standing cluster: node standing-main.ts <server as JSON> <state file>. SIGTERM ends it and its nodes. */
import { startCluster } from './cluster.ts'
import { writeStanding } from './standing.ts'

const [server, stateFile] = process.argv.slice(2) as [string, string]
const cluster = await startCluster({ server: JSON.parse(server) })
const alive = setInterval(() => {}, 60_000)
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, async () => {
    await cluster.stop()
    clearInterval(alive)
    process.exit(0)
  })
await writeStanding(stateFile, { keeper: process.pid, nodes: [...cluster.nodes] })
