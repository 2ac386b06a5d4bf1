/** `npm run bench [-- name …]`: the benchmarks. Figures are for comparison within one run; machines differ. */
import { printProxy } from './proxy.ts'
import { printSoak } from './soak/print.ts'
import { virtual } from './virtual.ts'

const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  virtual,
  proxy: printProxy,
  soak: printSoak,
}

const [name = 'virtual', ...args] = process.argv.slice(2)
const bench = benches[name]
if (!bench || name === '--help') {
  console.error(
    `usage: npm run bench -- ${Object.keys(benches).join(' | ')} [arguments]\n\nExample:\n  $ npm run bench -- virtual 1000 100000`,
  )
  process.exit(name === '--help' ? 0 : 4)
}
await bench(args)
