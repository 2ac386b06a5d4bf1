/** `npm run test:docker`: one live scenario on a cluster in containers; skipped, with the reason, where no engine can be had. */
import { execFile, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { installPackages, thisMachine } from '../sim/worlds/live/redis-server.ts'
import { report } from './errors.ts'
import { interruptible } from './interrupt.ts'
import { createProgress } from './progress.ts'
import { runCommand } from './run.ts'

const patienceMs = 30_000
const progress = createProgress()
const signal = interruptible(() => progress.done('interrupted: stopping the engine …'))
// Its image would have to be downloaded; containers are removed by the run itself.
process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'

let stopEngine = async () => {}
try {
  const reason = await engineReady()
  if (reason) console.log(`skipped: ${reason}`)
  else {
    const options = { world: 'live', cluster: 'docker', tracker: 'lease', seed: 1, report: 'console', out: 'runs' }
    process.exitCode = await runCommand(['provider-outage'], { ...options, colour: false }, progress, signal)
  }
} catch (error) {
  process.exitCode = report(error)
} finally {
  progress.stop()
  await stopEngine()
}
process.exit()

/** Why none can be had; undefined where one answers. */
async function engineReady(): Promise<string | undefined> {
  if (await engineAnswers()) return undefined
  const machine = thisMachine(progress.done)
  if (!machine.isRoot) return 'no container engine answers, and only root may install and start one'
  try {
    if (!(await machine.isExecutable('/usr/sbin/dockerd'))) await installPackages(machine, ['docker.io'])
  } catch (error) {
    return `no container engine answers, and docker.io could not be installed (${(error as Error).message.split('\n')[0]})`
  }
  const engine = spawn('/usr/sbin/dockerd', { stdio: 'ignore' })
  const ended = new Promise<void>(resolve => {
    engine.once('exit', () => resolve())
    engine.once('error', () => resolve())
  })
  stopEngine = async () => {
    engine.kill('SIGTERM')
    await ended
  }
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await sleep(200)) {
    if (engine.exitCode !== null || engine.pid === undefined) break
    if (await engineAnswers()) return undefined
  }
  return 'no container engine answers, and dockerd does not start here'
}

function engineAnswers(): Promise<boolean> {
  return promisify(execFile)('docker', ['info']).then(
    // The client alone answers too, with errors in its text.
    ({ stdout }) => !stdout.includes('Cannot connect'),
    () => false,
  )
}
