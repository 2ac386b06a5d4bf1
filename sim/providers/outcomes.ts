/** What a proxy must make of each behaviour: the same on sockets as in virtual time. */
import type { Failure } from '../../proxy/failure.ts'
import type { Behaviour } from './model.ts'

export interface Outcome {
  behaviour: Behaviour
  /** How the attempt at it ends; undefined: well. */
  failure: Failure | undefined
  /** Of a streamed answer the client has seen something before: nobody else may answer. A plain one is awaited. */
  begun?: true
}

const error = (status: number): Behaviour => ({ kind: 'error', status, afterMs: 1 })

export const outcomes: Readonly<Record<string, Outcome>> = {
  'a good answer': { behaviour: { kind: 'healthy' }, failure: undefined },
  'a slow one': { behaviour: { kind: 'slow', firstByteMs: 30, tokenMs: 3 }, failure: undefined },
  500: { behaviour: error(500), failure: 'server-error' },
  529: { behaviour: error(529), failure: 'overloaded' },
  '429, come back later': { behaviour: { ...error(429), retryAfterS: 2 } as Behaviour, failure: 'rate-limited' },
  'a request at fault': { behaviour: { kind: 'rejects', ratio: 1, afterMs: 1 }, failure: 'client-error' },
  'a refused connection': { behaviour: { kind: 'refuses' }, failure: 'connect' },
  'a reset before the head': { behaviour: { kind: 'resets', afterChunks: 0, afterMs: 5 }, failure: 'reset' },
  'a reset in the answer': {
    behaviour: { kind: 'resets', afterChunks: 2, afterMs: 5 },
    failure: 'reset',
    begun: true,
  },
  silence: { behaviour: { kind: 'silent', afterChunks: 0 }, failure: 'first-byte-timeout' },
  'silence after a while': {
    behaviour: { kind: 'silent', afterChunks: 2 },
    failure: 'idle-timeout',
    begun: true,
  },
  'a cut before the head': { behaviour: { kind: 'cut', afterChunks: 0 }, failure: 'reset' },
  'a cut in a word': { behaviour: { kind: 'cut', afterChunks: 1, afterBytes: 9 }, failure: 'reset', begun: true },
  HTML: { behaviour: { kind: 'nonsense' }, failure: 'malformed' },
  'no last event': { behaviour: { kind: 'unterminated' }, failure: 'incomplete', begun: true },
  garbage: { behaviour: { kind: 'malformed', afterChunks: 0 }, failure: 'malformed' },
  'garbage in the answer': { behaviour: { kind: 'malformed', afterChunks: 2 }, failure: 'malformed', begun: true },
  'an error event at once': { behaviour: { kind: 'error-event', afterChunks: 0 }, failure: 'error-event' },
  'an error event in the answer': {
    behaviour: { kind: 'error-event', afterChunks: 2 },
    failure: 'error-event',
    begun: true,
  },
  'nothing at all': { behaviour: { kind: 'empty' }, failure: 'empty-body' },
}
