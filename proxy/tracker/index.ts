/** One line a tracker; this list is the registry. `lease` is the reference, the others are wrong on purpose. */
export { checkThenAct } from './check-then-act.ts'
export { lease } from './lease.ts'
export { rawRemove } from './raw-remove.ts'
export { refCount } from './ref-count.ts'
export { ttlOnly } from './ttl-only.ts'
export { untagged } from './untagged.ts'
