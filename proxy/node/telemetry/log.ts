/** Structured logs: one JSON line per request, and one for what an operator should know. No bodies, no keys, no session names. */
import { hash, randomBytes } from 'node:crypto'
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino'
import type { ProxyEvent } from '../../events.ts'
import type { Millis } from '../../ports.ts'
import { kindOfTrouble } from './store-trouble.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LogOptions {
  level: LogLevel
  instance: string
  now(): Millis
  /** Where lines go; without it to stderr, in the background, and dropped when it takes none. */
  to?: DestinationStream
}

export interface Log {
  /** To be told every event of the core. */
  on(event: ProxyEvent): void
  info(about: object, message: string): void
  error(error: unknown, message: string): void
  /** Writes out what is buffered. */
  flush(): void
}

/** Lines that stderr has not taken. */
const mostBufferedBytes = 8 * 1024 * 1024
/** Lines leave together, when so much has come or so much time has passed: a write for each costs more than the line. */
const portionBytes = 4 * 1024
const portionMs = 200

/** A store that is away fails every call: one line a second for each kind is enough. */
const troubleEveryMs = 1_000

export function createLog({ level, instance, now, to }: LogOptions): Log {
  const stderr = to ? undefined : openStderr()
  const logger = pino(
    {
      level,
      base: { instance },
      timestamp: stdTimeFunctions.epochTime,
      formatters: { level: label => ({ level: label }) },
    },
    to ?? stderr!,
  )
  const running = new Map<string, { beganAt: Millis; session: string; provider?: string; failure?: string }>()
  const troubles = new Map<string, { quietUntil: Millis; unsaid: number }>()
  // Tells a session's requests apart, and nobody can try names against it: the salt is gone with the process.
  const salt = randomBytes(16).toString('hex')
  const sessionHash = (session: string) => hash('sha256', salt + session, 'hex').slice(0, 12)

  function trouble({ doing, provider, because }: Extract<ProxyEvent, { kind: 'store-trouble' }>) {
    const kind = kindOfTrouble(because)
    const known = troubles.get(`${doing} ${kind}`) ?? { quietUntil: Number.NEGATIVE_INFINITY, unsaid: 0 }
    troubles.set(`${doing} ${kind}`, known)
    if (now() < known.quietUntil) return void known.unsaid++
    logger.warn({ doing, provider, trouble: kind, because, unsaid: known.unsaid }, 'store trouble')
    known.quietUntil = now() + troubleEveryMs
    known.unsaid = 0
  }

  return {
    info: (about, message) => logger.info(about, message),
    error: (error, message) => logger.error(error, message),
    flush: () => stderr?.flushSync(),
    on(event) {
      switch (event.kind) {
        case 'request-began':
          return void running.set(event.request, { beganAt: now(), session: event.session })
        case 'attempt-ended': {
          const { request, session: _, token: __, kind: ___, ...about } = event
          const known = running.get(request)
          if (known && event.outcome !== 'hedge-loss') {
            known.provider = event.provider
            if (event.failure) known.failure = event.failure
            else delete known.failure
          }
          return logger.debug({ request, ...about }, 'attempt')
        }
        case 'request-ended': {
          const { request, outcome, attempts } = event
          const known = running.get(request)
          running.delete(request)
          if (!logger.isLevelEnabled('info')) return
          const { beganAt = now(), session = '', provider, failure } = known ?? {}
          const ms = Math.round((now() - beganAt) * 10) / 10
          return logger.info(
            { request, session: sessionHash(session), outcome, attempts, provider, failure, ms },
            'request',
          )
        }
        case 'store-trouble':
          return trouble(event)
        case 'breaker':
          return logger.warn({ provider: event.provider, state: event.state }, 'breaker')
        case 'unleased':
          return logger.warn({ provider: event.provider, token: event.token }, 'unleased')
        case 'reinserted':
          return logger.warn({ provider: event.provider, count: event.tokens.length }, 'reinserted')
        case 'audited':
          return logger.warn({ provider: event.provider, removed: event.removed, mended: event.mended }, 'audited')
        case 'outbox-dropped':
          return logger.warn(
            { provider: event.provider, token: event.token, because: event.because },
            'release dropped',
          )
        case 'terminated':
          return logger.info({ session: sessionHash(event.session) }, 'session terminated')
        case 'drained':
          return logger.info('drained')
      }
    },
  }
}

function openStderr() {
  const stderr = destination({ fd: 2, sync: false, minLength: portionBytes, maxLength: mostBufferedBytes })
  setInterval(() => stderr.flush(), portionMs).unref()
  return stderr
}
