/** What the registries hold, as plain data: `stormproof list --json` prints it, the other lists are made of it. */
import * as trackers from '../../proxy/tracker/index.ts'
import type { TrackerVariant } from '../../proxy/tracker/tracker.ts'
import * as scenarios from '../../scenarios/index.ts'
import type { Check } from '../../sim/checks/check.ts'
import * as checks from '../../sim/checks/index.ts'
import type { Fault } from '../../sim/faults/fault.ts'
import * as faults from '../../sim/faults/index.ts'
import { loadClaims } from '../../sim/load/claims.ts'
import type { Scenario } from '../../sim/scenario.ts'

export interface Inventory {
  scenarios: readonly {
    name: string
    claim: string
    worlds: readonly string[]
    faults: readonly string[]
    checks: readonly string[]
    catches: readonly string[]
    spares: readonly string[]
  }[]
  faults: readonly { name: string; claim: string; needs: readonly string[]; aims: readonly string[] }[]
  checks: readonly { name: string; claim: string; kind: Check['kind'] }[]
  trackers: readonly { name: string; claim: string; breaks: readonly string[]; caughtBy: readonly string[] }[]
  loads: readonly { name: string; claim: string }[]
}

export function inventory(): Inventory {
  const storms = byName<Scenario>(scenarios)
  const caughtBy = (tracker: string) =>
    storms.filter(({ catches }) => catches.includes(tracker)).map(({ name }) => name)
  return {
    scenarios: storms.map(({ name, claim, worlds, catches, spares, ...scenario }) => ({
      name,
      claim,
      worlds,
      faults: [...new Set(scenario.faults.map(({ call }) => call.fault))],
      checks: scenario.checks.map(check => check.name),
      catches,
      spares,
    })),
    faults: byName<Fault>(faults).map(({ name, claim, needs, aims }) => ({ name, claim, needs, aims })),
    checks: byName<Check>(checks).map(({ name, claim, kind }) => ({ name, claim, kind })),
    trackers: byName<TrackerVariant>(trackers).map(({ name, claim, breaks }) => ({
      name,
      claim,
      breaks,
      caughtBy: caughtBy(name),
    })),
    loads: byName(Object.entries(loadClaims).map(([name, claim]) => ({ name, claim }))),
  }
}

/** A module's own order is its loader's: Node sorts by export, a test runner may not. */
const byName = <T extends { name: string }>(registry: Readonly<Record<string, T>> | readonly T[]): T[] =>
  Object.values(registry).toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** The checks that every scenario makes, so that a list need not repeat them. */
export function sharedChecks({ scenarios }: Inventory): string[] {
  const [first, ...others] = scenarios
  return (first?.checks ?? []).filter(check => others.every(({ checks }) => checks.includes(check)))
}
