import { type Check, failWith, pass, unknown } from './check.ts'
import { censusAt } from './sample.ts'

export const everySlotReturned: Check = {
  name: 'every-slot-returned',
  claim: 'when all clients have stopped, nobody is a member without reason',
  kind: 'liveness',
  of({ figures, phantomsAtRest }) {
    const phantoms = figures['rest.phantoms']
    if (phantoms === undefined) return unknown('nobody looked at the store at rest')
    return phantoms > 0 ? failWith(phantomsAtRest, phantoms) : pass('every slot came back')
  },
  counterexample: clean =>
    clean.map(event =>
      event.kind === 'store-census' && event.provider === 'alpha' ? censusAt(event.at, 'alpha', ['s:s3']) : event,
    ),
}
