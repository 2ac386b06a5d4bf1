/** A storm of any length in the virtual world, history written and judged: what one core plays in a second. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLeaving } from '../cli/out.ts'
import type { Stage } from '../cli/stage.ts'
import { openVirtualStage } from '../cli/virtual-stage.ts'
import { lease } from '../proxy/tracker/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import type { Tell } from '../sim/history.ts'
import { poisson } from '../sim/load/index.ts'
import { drawAsks, drawPlan } from '../sim/plan.ts'
import { play } from '../sim/play.ts'
import { castFor, run, type Storm } from '../sim/run.ts'
import type { Scenario, ScheduledFault } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

export interface Played {
  requests: number
  /** Drawing the asks, playing and writing; without the writing of the plan. */
  wallMs: number
  cpuMs: number
  historyMB: number
}

export interface Judged extends Played {
  /** Of the whole process. */
  peakMB: number
  /** Scripts that the store ran. */
  scripts: number
  simulatedS: number
}

const perSecond = 200
/** An outage of five seconds in every twenty, or of a quarter of what is shorter. */
const outages = (seconds: number): ScheduledFault[] =>
  Array.from({ length: Math.max(1, Math.floor(seconds / 20)) }, (_, n) => ({
    at: Math.min(seconds * 200, 5_000) + n * 20_000,
    for: Math.min(seconds * 250, 5_000),
    call: { fault: 'provider-fails', provider: 'alpha', status: 500, afterMs: 20 },
  }))

/** A storm of about so many requests at a constant rate. */
export function stormOf(requests: number): Scenario {
  const seconds = requests / perSecond
  const pace = { firstByteMs: 60, tokens: 4, tokenMs: 20, spread: 0.5 }
  const endAt = seconds * 1000
  return {
    name: `bench-${requests}`,
    claim: 'a long storm',
    worlds: ['virtual'],
    topology: topology({
      providers: [provider({ id: 'alpha', limit: 40, priority: 1 }), provider({ id: 'beta', limit: 40, priority: 2 })],
    }),
    paces: { alpha: pace, beta: pace },
    phases: { baselineAt: 0, stormAt: 100, recoveryAt: endAt - 100, endAt },
    load: [poisson({ name: 'load', from: 0, to: endAt, perSecond })],
    faults: outages(seconds),
    checks: afterFailures,
    catches: [],
    spares: [],
  }
}

/** A storm of about so many requests, played with its history written, and nothing measured. */
export const playStorm = (requests: number, seed: number): Promise<Played> =>
  timed(requests, seed, async ({ plan }, open, keep) => {
    const world = await open(castFor(plan, lease), lease, keep)
    await world.drive(play(plan, world))
    await world.close()
    return {}
  })

/** The same, measured and judged as it is played. Rejects when a claim of the reference tracker does not hold: a storm that is played wrongly has no speed. */
export const judgeStorm = (requests: number, seed: number): Promise<Judged> =>
  timed(requests, seed, async (storm, open, keep) => {
    const { verdicts, measurement } = await run(storm, (cast, tell) => open(cast, lease, tell), keep)
    const bad = verdicts.find(({ result }) => result !== 'pass')
    if (bad) throw new Error(`${storm.scenario.name}: ${bad.check} is ${bad.result}: ${bad.because}`)
    const { figures } = measurement
    return {
      peakMB: process.resourceUsage().maxRSS / 1024,
      scripts: Math.round(figures['store.commandsPerRequest']! * figures['requests.sent']!),
      simulatedS: requests / perSecond,
    }
  })

async function timed<More>(
  requests: number,
  seed: number,
  act: (storm: Storm, open: Stage['open'], keep: Tell) => Promise<More>,
): Promise<Played & More> {
  const scenario = stormOf(requests)
  const storm = { scenario, tracker: lease, plan: drawPlan(scenario, seed) }
  const stage = await openVirtualStage()
  const out = mkdtempSync(join(tmpdir(), 'stormproof-bench-'))
  try {
    const leaving = startLeaving(out, storm, 'virtual')
    const [began, cpu] = [performance.now(), process.cpuUsage()]
    const more = await act(storm, stage.open, leaving.keep)
    leaving.abandon()
    const { user, system } = process.cpuUsage(cpu)
    const wallMs = performance.now() - began
    let played = 0
    for (const _ of drawAsks(storm.plan)) played++
    return { requests: played, wallMs, cpuMs: (user + system) / 1000, historyMB: leaving.bytes / 1e6, ...more }
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
