/** Many runs side by side: one row a tracker, grouped by scenario. */
import type { RunRecord } from '../sim/run-record.ts'
import { paint } from './paint.ts'

interface Column {
  title: string
  of(run: RunRecord): string
}

const columns: readonly Column[] = [
  { title: 'tracker', of: run => run.tracker },
  { title: 'residency p50', of: run => ms(run, 'residency.failure.p50') },
  { title: 'p99', of: run => ms(run, 'residency.failure.p99') },
  { title: 'max', of: run => ms(run, 'residency.failure.max') },
  { title: 'phantoms', of: run => count(run, 'rest.phantoms') },
  {
    title: 'truth after',
    of: run =>
      run.figures['rest.truthReached'] === 0 ? `>${ms(run, 'rest.timeToTruthMs')}` : ms(run, 'rest.timeToTruthMs'),
  },
  { title: 'overshoot', of: run => count(run, 'limit.overshootMax') },
  { title: 'ghost refusals', of: run => count(run, 'admission.ghostRejections') },
  { title: 'tracking error', of: run => percent(run, 'tracking.error') },
  { title: 'redis errors', of: errors },
  { title: 'claims held', of: held },
]

/** Residency is that after a failure, in ms. A dash stands where nothing could be measured. */
export function renderAll(runs: readonly RunRecord[], { colour }: { colour: boolean }): string {
  const cells = runs.map(run => columns.map(column => column.of(run)))
  const widths = columns.map(({ title }, n) => Math.max(title.length, ...cells.map(row => row[n]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, n) => (n === 0 || n >= columns.length - 2 ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!)))
      .join('  ')
      .trimEnd()
  const lines = ['', paint(line(columns.map(({ title }) => title)), 1, colour)]
  for (const [n, run] of runs.entries()) {
    if (run.scenario !== runs[n - 1]?.scenario) lines.push('', paint(run.scenario, 1, colour))
    const bad = run.verdicts.some(({ result }) => result === 'fail')
    lines.push(paint(line(cells[n]!), bad ? 31 : 32, colour))
  }
  return [...lines, ''].join('\n')
}

const figure = ({ figures }: RunRecord, name: string, show: (value: number) => string) =>
  figures[name] === undefined ? '-' : show(figures[name])
const ms = (run: RunRecord, name: string) => figure(run, name, value => `${value.toFixed(value < 100 ? 1 : 0)} ms`)
const count = (run: RunRecord, name: string) => figure(run, name, String)
const percent = (run: RunRecord, name: string) => figure(run, name, value => `${(100 * value).toFixed(1)} %`)

function errors({ figures }: RunRecord): string {
  const kinds = Object.entries(figures).filter(([name, value]) => name.startsWith('store.errors.') && value > 0)
  if (figures['store.errors'] === undefined) return '-'
  return kinds.map(([name, value]) => `${name.slice('store.errors.'.length)} ${value}`).join(' ') || 'none'
}

function held({ verdicts }: RunRecord): string {
  const passed = verdicts.filter(({ result }) => result === 'pass').length
  const named = (result: string) => verdicts.filter(verdict => verdict.result === result).map(({ check }) => check)
  const broke = named('fail')
  const open = named('unknown')
  return [
    `${passed} of ${verdicts.length}`,
    broke.length && `broke ${broke.join(', ')}`,
    open.length && `unknown ${open.join(', ')}`,
  ]
    .filter(Boolean)
    .join('; ')
}
