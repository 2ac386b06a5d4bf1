import type { RunRecord } from '../sim/run-record.ts'
import { markOf } from './paint.ts'
import type { Report } from './report.ts'

/** For a person: the claims, why each held or not, and the figures that matter. */
export const console: Report = {
  name: 'console',
  claim: 'claims and figures for a person',
  render(run, { colour }) {
    const width = Math.max(...run.verdicts.map(({ check }) => check.length))
    return [
      `${run.scenario}  world ${run.world}  tracker ${run.tracker}  seed ${run.seed}  ${(run.wallMs / 1000).toFixed(1)} s`,
      run.claim,
      '',
      ...run.receipts.map(
        ({ fault, landed, because }) => `  ${landed ? 'landed' : 'NOT landed'}: ${fault}; ${because}`,
      ),
      ...run.verdicts.map(
        ({ check, result, because }) => `  ${markOf(result, colour)} ${check.padEnd(width)}  ${because}`,
      ),
      '',
      ...figureLines(run),
      '',
      `again: ${run.again ?? `npx stormproof run ${run.scenario} --world ${run.world} --tracker ${run.tracker} --seed ${run.seed}`}`,
    ].join('\n')
  },
}

const shown = [
  'residency.failure.p50',
  'residency.failure.p99',
  'residency.failure.max',
  'residency.failure.samples',
  'rest.phantoms',
  'rest.timeToTruthMs',
  'limit.overshootMax',
  'admission.refusals',
  'admission.ghostRejections',
  'tracking.error',
  'failover.p99',
  'amplification',
  'availability',
  'latency.p50',
  'latency.p99',
  'store.commandsPerRequest',
  'store.roundTrip.p99',
  'observer.resolution.p99',
  'generator.latenessP99',
]

function figureLines({ figures }: RunRecord): string[] {
  const errors = Object.keys(figures).filter(name => name.startsWith('store.errors.'))
  const names = [...shown, ...errors].filter(name => figures[name] !== undefined)
  const width = Math.max(...names.map(name => name.length))
  return names.map(name => `  ${name.padEnd(width)}  ${Number(figures[name]!.toPrecision(4))}`)
}
