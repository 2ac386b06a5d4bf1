import { type Check, failUnlessLost, pass, unknown } from './check.ts'
import { censusAt } from './sample.ts'

export const everySlotReturned: Check = {
  name: 'every-slot-returned',
  claim: 'when all clients have stopped, nobody is a member without reason',
  kind: 'liveness',
  of(measured) {
    const phantoms = measured.figures['rest.phantoms']
    if (phantoms === undefined) return unknown('nobody looked at the store at rest')
    return phantoms > 0 ? failUnlessLost(measured.phantomsAtRest, measured, phantoms) : pass('every slot came back')
  },
  counterexample: clean =>
    clean.map(event =>
      event.kind === 'store-census' && event.provider === 'alpha' ? censusAt(event.at, 'alpha', ['s:s3']) : event,
    ),
}
