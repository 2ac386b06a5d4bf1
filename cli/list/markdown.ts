/** The inventory as scenarios/README.md. */
import { type Inventory, sharedChecks } from './inventory.ts'

/** The command that writes that file anew. */
export const regenerate = 'npx stormproof list --markdown > scenarios/README.md'

export function listAsMarkdown(all: Inventory): string {
  const shared = sharedChecks(all)
  const { scenarios, trackers } = all
  return `# The catalogue

A scenario's name is the storm; its claim is what must hold. The reference tracker, \`lease\`, passes every scenario in every world named;
the last column says who must be caught there. A file here is one scenario, and \`index.ts\` the registry.
This page is made from it: \`${regenerate}\`.

Every scenario checks ${code(shared)}, and that it can be judged at all: ${code(soundnessOf(all))}. The column names what it checks beyond these.

${table(
  ['scenario', 'claim', 'worlds', 'faults', 'checks', 'catches'],
  scenarios.map(({ name, claim, worlds, faults, checks, catches }) => [
    `[\`${name}\`](${name}.ts)`,
    claim,
    worlds.join(', '),
    code(faults),
    code(checks.filter(check => !shared.includes(check))),
    code(catches),
  ]),
)}

## Who is caught where

${table(
  ['wrong on purpose', 'what it does', 'caught by'],
  trackers
    .filter(({ breaks }) => breaks.length)
    .map(({ name, claim, caughtBy }) => [code([name]), claim, code(caughtBy)]),
)}
`
}

const soundnessOf = ({ checks }: Inventory) => checks.filter(({ kind }) => kind === 'soundness').map(({ name }) => name)

const code = (names: readonly string[]) => names.map(name => `\`${name}\``).join(', ') || '-'

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
