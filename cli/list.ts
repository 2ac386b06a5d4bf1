/** `stormproof list`: everything the registries hold, a line each. */
import * as trackers from '../proxy/tracker/index.ts'
import * as scenarios from '../scenarios/index.ts'
import * as checks from '../sim/checks/index.ts'
import * as faults from '../sim/faults/index.ts'
import type { Scenario } from '../sim/scenario.ts'

interface Entry {
  name: string
  claim: string
}

export function list(): string {
  const storms = Object.values<Scenario>(scenarios).map(({ name, claim, catches, worlds }) => ({
    name,
    claim: `${claim} [${worlds.join(', ')}; catches ${catches.join(', ')}]`,
  }))
  const cast = Object.values(trackers).map(({ name, claim, breaks }) => ({
    name,
    claim: breaks.length ? `${claim} [wrong on purpose: breaks ${breaks.join(', ')}]` : `${claim} [the reference]`,
  }))
  return [
    section('scenarios', storms),
    section('faults', Object.values(faults)),
    section(
      'checks',
      Object.values(checks).map(({ name, claim, kind }) => ({ name, claim: `${claim} [${kind}]` })),
    ),
    section('trackers', cast),
  ].join('\n\n')
}

function section(title: string, entries: readonly Entry[]): string {
  const width = Math.max(...entries.map(({ name }) => name.length))
  return [title, ...entries.map(({ name, claim }) => `  ${name.padEnd(width)}  ${claim}`)].join('\n')
}
