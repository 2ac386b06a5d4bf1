/** A storm of any length in the virtual world, history written and judged: what one core plays in a second. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLeaving } from '../cli/out.ts'
import { openVirtualStage } from '../cli/virtual-stage.ts'
import { lease } from '../proxy/tracker/index.ts'
import { afterFailures } from '../sim/checks/usual.ts'
import { poisson } from '../sim/load/index.ts'
import { asksOf, makePlan } from '../sim/plan.ts'
import { play } from '../sim/play.ts'
import { castFor, run } from '../sim/run.ts'
import type { Scenario, ScheduledFault } from '../sim/scenario.ts'
import { provider, topology } from '../sim/topology.ts'

export interface Measured {
  requests: number
  /** Playing, judging and writing, without the making of the plan. */
  wallMs: number
  cpuMs: number
  /** Of the whole process. */
  peakMB: number
  /** Scripts that the store ran. */
  scripts: number
  simulatedS: number
  historyMB: number
}

const perSecond = 200
/** An outage of five seconds in every twenty. */
const outages = (seconds: number): ScheduledFault[] =>
  Array.from({ length: Math.max(1, Math.floor(seconds / 20)) }, (_, n) => ({
    at: Math.min(seconds * 200, 5_000) + n * 20_000,
    for: Math.min(seconds * 500, 5_000),
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

/** Processor time of the same storm with its history written and nothing measured or judged, µs a request. */
export async function unjudgedUs(requests: number, seed: number): Promise<number> {
  const scenario = stormOf(requests)
  const plan = makePlan(scenario, seed)
  const stage = await openVirtualStage()
  const out = mkdtempSync(join(tmpdir(), 'stormproof-bench-'))
  try {
    const leaving = startLeaving(out, { scenario, tracker: lease, plan }, 'virtual')
    const cpu = process.cpuUsage()
    const world = await stage.open(castFor(plan, lease), lease, leaving.keep)
    await world.drive(play(plan, world))
    await world.close()
    leaving.abandon()
    const { user, system } = process.cpuUsage(cpu)
    return (user + system) / asksOf(plan).length
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

/** Rejects when a claim of the reference tracker does not hold: a storm that is played wrongly has no speed. */
export async function measureStorm(requests: number, seed: number): Promise<Measured> {
  const scenario = stormOf(requests)
  const plan = makePlan(scenario, seed)
  const stage = await openVirtualStage()
  const out = mkdtempSync(join(tmpdir(), 'stormproof-bench-'))
  try {
    const storm = { scenario, tracker: lease, plan }
    const leaving = startLeaving(out, storm, 'virtual')
    const began = performance.now()
    const cpu = process.cpuUsage()
    const { verdicts, measurement } = await run(storm, (cast, tell) => stage.open(cast, lease, tell), leaving.keep)
    leaving.abandon()
    const { user, system } = process.cpuUsage(cpu)
    const wallMs = performance.now() - began
    const bad = verdicts.find(({ result }) => result !== 'pass')
    if (bad) throw new Error(`${scenario.name}: ${bad.check} is ${bad.result}: ${bad.because}`)
    return {
      requests: measurement.figures['requests.sent']!,
      wallMs,
      cpuMs: (user + system) / 1000,
      peakMB: process.resourceUsage().maxRSS / 1024,
      scripts: Math.round(measurement.figures['store.commandsPerRequest']! * measurement.figures['requests.sent']!),
      simulatedS: requests / perSecond,
      historyMB: leaving.bytes / 1e6,
    }
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
