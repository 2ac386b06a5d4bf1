import { type Check, pass, unknown } from './check.ts'

export const noCrossSlot: Check = {
  name: 'no-cross-slot',
  claim: 'no command ever names keys of different slots',
  kind: 'safety',
  of({ figures }) {
    if (figures['store.errors'] === undefined) return unknown('nobody counted the errors of the Redis nodes')
    const errors = figures['store.errors.CROSSSLOT'] ?? 0
    if (errors === 0) return pass('the Redis nodes counted no CROSSSLOT error')
    return { result: 'fail', because: `the Redis nodes answered CROSSSLOT ${errors} times`, evidence: [] }
  },
  counterexample: clean =>
    clean.map(event => (event.kind === 'store-counted' ? { ...event, errors: { CROSSSLOT: 3 } } : event)),
}
