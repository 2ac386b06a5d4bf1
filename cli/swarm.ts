/** `stormproof storm --swarm`: storms that nobody has thought of, drawn from seeds, with the reference in both worlds. */
import { join } from 'node:path'
import { lease } from '../proxy/tracker/index.ts'
import { markOf } from '../reports/paint.ts'
import * as scenarios from '../scenarios/index.ts'
import { faultsOf } from '../sim/plan.ts'
import { randomFor } from '../sim/random.ts'
import type { Scenario } from '../sim/scenario.ts'
import type { Outcome } from '../sim/search/play-seed.ts'
import { plannedFor } from '../sim/search/swarm/index.ts'
import type { World } from '../sim/world.ts'
import { type ClusterOptions, clusterChosen } from './cluster-choice.ts'
import { named } from './errors.ts'
import { type Claim, exitCodeOf, whatCameOf } from './gate/claim.ts'
import { worldsNamed } from './gate/select.ts'
import { prepareOut, runFolder } from './out.ts'
import { type Play, playLive, playVirtually, type Told } from './plays.ts'
import type { Progress } from './progress.ts'
import { replayLine } from './replay.ts'
import { amount } from './search/telling.ts'

export interface SwarmOptions extends ClusterOptions {
  world: string
  /** The first one. */
  seed: number
  seeds: number
  out: string
  /** Threads. */
  jobs: number
  colour: boolean
}

/** Each seed draws one of the named scenarios, or of all, and then everything that a swarm may vary. Exit code as of a gate. */
export async function swarmStorm(
  names: readonly string[],
  options: SwarmOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const { seed, seeds, out, jobs, colour } = options
  const wanted = names.length
    ? names.map(name => named<Scenario>('scenario', scenarios, name))
    : Object.values<Scenario>(scenarios)
  const worlds = worldsNamed(options.world)
  const choice = clusterChosen(options)
  await prepareOut(out)
  const storms = Array.from({ length: seeds }, (_, n) => stormOf(wanted, seed + n))
  const told =
    (world: World['name']): Told =>
    (play, outcome) => {
      const storm = storms.find(one => one.play === play)!
      storm.claim.played[world] = [outcome]
      if (worlds.every(name => storm.claim.played[name] || !play.scenario.worlds.includes(name)))
        for (const line of linesOf(storm, out, colour)) progress.note(line)
      return true
    }
  const playsIn = (world: World['name']) =>
    worlds.includes(world)
      ? storms.map(({ play }) => play).filter(({ scenario }) => scenario.worlds.includes(world))
      : []
  progress.step(`${amount(seeds, 'storm')} from seed ${seed} …`)
  await playVirtually(playsIn('virtual'), { jobs, signal }, told('virtual'))
  await playLive(playsIn('live'), { out, progress, signal, choice }, told('live'))
  progress.stop()
  for (const storm of storms) for (const line of linesOf(storm, out, colour)) console.log(line)
  const claims = storms.map(({ claim }) => claim)
  const held = claims.filter(claim => whatCameOf(claim) === 'pass').length
  console.log(`\n${held} of ${amount(seeds, 'storm')} passed`)
  return exitCodeOf(claims)
}

interface Storm {
  play: Play
  claim: Claim
}

function stormOf(wanted: readonly Scenario[], seed: number): Storm {
  const scenario = wanted[Math.floor(randomFor(seed, 'storm', 'scenario').next() * wanted.length)]!
  return { play: { scenario, tracker: lease, seed, swarm: true }, claim: { scenario, played: {} } }
}

function linesOf({ play, claim }: Storm, out: string, colour: boolean): string[] {
  const { scenario, tracker, seed } = play
  const came = whatCameOf(claim)
  const plan = plannedFor(scenario, seed, true)
  const faults = [...new Set(faultsOf(plan).map(({ call }) => call.fault))].join(', ') || 'no fault'
  const again = (world: string) =>
    world === 'virtual'
      ? `npx stormproof search ${scenario.name} --swarm --from ${seed} --seeds 1`
      : replayLine(join(runFolder(out, { scenario, tracker, plan }, `${world}-swarm`), 'plan.json'), world)
  return [
    `${markOf(came === 'skipped' ? 'unknown' : came, colour)} seed ${seed}: ${scenario.name} under ${faults} (${Object.keys(claim.played).join(', ')})`,
    ...Object.entries(claim.played).flatMap(([world, outcomes]) =>
      outcomes.flatMap(outcome => {
        const trouble = troubleOf(outcome)
        return trouble ? [`    ${world}: ${trouble}`, `      again: ${again(world)}`] : []
      }),
    ),
  ]
}

function troubleOf({ failed, because, broke, unknown, skipped }: Outcome): string | undefined {
  if (failed.length) return `fails ${failed.join(', ')}: ${because}`
  if (broke !== undefined) return `the world broke down: ${broke}`
  return skipped === undefined ? unknown[0] : `skipped: ${skipped}`
}
