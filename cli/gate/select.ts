/** Which scenarios of the catalogue are meant. */
import * as scenarios from '../../scenarios/index.ts'
import type { Scenario } from '../../sim/scenario.ts'
import { BadArgument, named } from '../errors.ts'
import { split } from '../run.ts'

export interface Selection {
  /** Names by comma; undefined: all. */
  only: string | undefined
  /** `i/n`: the i-th of n shares, that together are the whole. */
  shard: string | undefined
}

export function selected({ only, shard }: Selection): Scenario[] {
  const wanted =
    only === undefined
      ? Object.values<Scenario>(scenarios)
      : split(only).map(name => named<Scenario>('scenario', scenarios, name))
  return shard === undefined ? wanted : shareOf(wanted, shard)
}

/** Dealt out like cards: neighbours in the catalogue are often as long as each other. */
export function shareOf<T>(all: readonly T[], shard: string): T[] {
  const [, i = 0, n = 0] = /^(\d+)\/(\d+)$/.exec(shard)?.map(Number) ?? []
  if (i < 1 || i > n) throw new BadArgument(`--shard ${shard}: must be i/n, the i-th of n shares, such as 1/3`)
  return all.filter((_, at) => at % n === i - 1)
}

export type Worlds = readonly Scenario['worlds'][number][]

export function worldsNamed(name: string): Worlds {
  if (name === 'both') return ['virtual', 'live']
  if (name === 'virtual' || name === 'live') return [name]
  throw new BadArgument(`no world "${name}": there are virtual, live and both`)
}
