/** The inventory for a person at a terminal. */
import { type Inventory, sharedChecks } from './inventory.ts'

interface Entry {
  name: string
  claim: string
  more?: readonly (readonly [string, readonly string[]])[]
}

export function listAsText(all: Inventory): string {
  const shared = sharedChecks(all)
  const { scenarios, faults, checks, trackers, loads } = all
  return [
    section(
      `scenarios (each claims ${shared.join(', ')}; and those named)`,
      scenarios.map(({ worlds, faults, checks, catches, spares, ...entry }) => ({
        ...entry,
        more: [
          ['worlds', worlds],
          ['faults', faults],
          ['checks', checks.filter(check => !shared.includes(check))],
          ['catches', catches],
          ['spares', spares],
        ],
      })),
    ),
    section(
      'faults',
      faults.map(({ needs, aims, ...entry }) => ({
        ...entry,
        more: [
          ['pulls', needs],
          ['aims at', aims],
        ],
      })),
    ),
    section(
      'checks',
      checks.map(({ name, claim, kind }) => ({ name, claim: `${claim} [${kind}]` })),
    ),
    section(
      'trackers (lease is the reference, the others are wrong on purpose)',
      trackers.map(({ breaks, caughtBy, ...entry }) => ({
        ...entry,
        more: [
          ['breaks', breaks],
          ['caught by', caughtBy],
        ],
      })),
    ),
    section('loads', loads),
  ].join('\n\n')
}

function section(title: string, entries: readonly Entry[]): string {
  const width = Math.max(...entries.map(({ name }) => name.length))
  const indent = ' '.repeat(width + 4)
  const lines = entries.flatMap(({ name, claim, more = [] }) => {
    const told = more.filter(([, names]) => names.length).map(([what, names]) => `${what}: ${names.join(', ')}`)
    return [`  ${name.padEnd(width)}  ${claim}`, ...(told.length ? [`${indent}${told.join(' · ')}`] : [])]
  })
  return [title, ...lines].join('\n')
}
