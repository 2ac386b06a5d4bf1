/**
 * Storms that differ from seed to seed in much more than their arrivals: a pure function of scenario and seed.
 * As in swarm testing (Groce et al., 2012) each seed leaves about half of the parameters alone, since what hides a bug must be absent too.
 */
import type { Millis } from '../../../proxy/ports.ts'
import { makePlan, type Plan } from '../../plan.ts'
import type { Scenario } from '../../scenario.ts'
import { needsLeases, swarmedFaults } from './faults.ts'
import { swarmedLoad } from './load.ts'
import { swarmedProviders } from './providers.ts'
import { type Draw, drawFrom } from './ranges.ts'

/** The plan that a search plays for this seed. */
export const plannedFor = (scenario: Scenario, seed: number, swarm: boolean): Plan =>
  makePlan(swarm ? swarmed(scenario, seed) : scenario, seed)

export function swarmed(scenario: Scenario, seed: number): Scenario {
  const draw = drawFrom(seed, scenario.fixed)
  const time = stretch(scenario, draw)
  const phases = {
    baselineAt: Math.round(time(scenario.phases.baselineAt)),
    stormAt: Math.round(time(scenario.phases.stormAt)),
    recoveryAt: Math.round(time(scenario.phases.recoveryAt)),
    endAt: Math.round(time(scenario.phases.endAt)),
  }
  const toStore = wayToStore(scenario, draw)
  const { providers, paces } = swarmedProviders(scenario, toStore?.maxMs, draw)
  const { topology } = scenario
  // Windows outlast the run: see the topology.
  const windowMs = Math.ceil(topology.windowMs * Math.max(1, phases.endAt / scenario.phases.endAt))
  return {
    ...scenario,
    topology: {
      ...topology,
      providers,
      windowMs,
      instances: Math.max(draw('instances', topology.instances), ...aimedInstances(scenario)),
      ...(toStore && { toStore }),
    },
    paces,
    phases,
    load: scenario.load.map(load => swarmedLoad(load, { time, spared: aimedSessions(scenario), draw })),
    faults: swarmedFaults(scenario, {
      providers,
      time,
      storm: { from: phases.stormAt, to: phases.recoveryAt },
      endAt: phases.endAt,
      toStore,
      draw,
    }),
  }
}

/** How many instances each fault needs: those up to its own, and another one that takes over. */
const aimedInstances = ({ faults, alsoUnder = [] }: Scenario): number[] =>
  [...faults.map(({ call }) => call), ...alsoUnder].map(({ instance }) =>
    instance === undefined ? 1 : Math.max(2, instance + 1),
  )

/** Sessions that a fault names: without them it hits nobody. */
const aimedSessions = ({ faults }: Scenario): ReadonlySet<unknown> =>
  new Set(faults.map(({ call }) => call.session).filter(session => session !== undefined))

/** Where an instant of the scenario lies when each phase takes a time of its own. */
function stretch(scenario: Scenario, draw: Draw): (at: Millis) => Millis {
  const { phases } = scenario
  const least = needsLeases(scenario) ? 1 : 0
  const bounds = [0, phases.baselineAt, phases.stormAt, phases.recoveryAt, phases.endAt]
  const factors = bounds.map((_, n) => Math.max(least, draw('stretch', 1, String(n))))
  return at => {
    let stretched = 0
    for (const [n, from] of bounds.entries()) {
      const to = bounds[n + 1] ?? Number.POSITIVE_INFINITY
      stretched += factors[n]! * Math.max(0, Math.min(at, to) - from)
    }
    return stretched
  }
}

function wayToStore({ topology }: Scenario, draw: Draw): { minMs: Millis; maxMs: Millis } | undefined {
  const minMs = draw('toStoreMs', 0)
  if (minMs === 0) return topology.toStore
  return { minMs, maxMs: Number((minMs * draw('toStoreSpread', 2)).toPrecision(3)) }
}
