import { instanceOf, textOf } from './parameters.ts'
import { pulling } from './pulling.ts'

/** `{ instance, session }`: its attempts end wherever they run. */
export const sessionTerminated = pulling({
  name: 'session-terminated',
  claim: 'an operator ends a session, at one instance, while its attempts run',
  needs: ['proxy'],
  aims: ['instance'],
  takes: 'session',
  pull: async (levers, call) => levers.proxy(instanceOf(call)).terminateSession(textOf(call, 'session')),
})
