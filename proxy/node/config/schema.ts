/** What a configuration file may say, and what holds where it says nothing. Durations are milliseconds, sizes bytes. */
import { z } from 'zod'
import { usualManners } from '../../config.ts'
import { usualProvider } from '../../provider.ts'
import { serverLimits } from '../server/limits.ts'
import { logLevels } from '../telemetry/log.ts'

const millis = z.int().min(1).max(86_400_000)
const count = z.int().min(1).max(1_000_000_000)
const port = z.int().min(0).max(65_535)
const host = z.string().min(1)

/** The name of an environment variable, so that no secret stands in a file. */
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')

const baseUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
  .superRefine((text, context) => {
    const { username, password, search, hash } = new URL(text)
    if (username || password) context.addIssue({ code: 'custom', message: 'must hold no credentials; use keyFrom' })
    if (search || hash) context.addIssue({ code: 'custom', message: 'must have neither a query nor a fragment' })
  })

const provider = z.strictObject({
  id: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, ".", "_" or "-"'),
  baseUrl,
  shapes: z
    .array(z.enum(['anthropic', 'openai']))
    .min(1)
    .optional(),
  keyFrom: envName.optional(),
  auth: z.enum(['x-api-key', 'bearer']).optional(),
  limit: z.int().min(0).max(1_000_000),
  unit: z.enum(['session', 'attempt']).default(usualProvider.unit),
  priority: z.int().min(0).default(usualProvider.priority),
  weight: z.number().positive().default(usualProvider.weight),
  heartbeatMs: millis.min(100).default(usualProvider.heartbeatMs),
  tombstoneMs: millis.min(1_000).default(usualProvider.tombstoneMs),
  firstByteMs: millis.default(usualProvider.firstByteMs),
  idleMs: millis.default(usualProvider.idleMs),
  totalMs: millis.default(usualProvider.totalMs),
  attempts: z.int().min(1).max(10).default(usualProvider.attempts),
  retryBudget: z
    .strictObject({
      ratio: z.number().min(0).max(1).default(usualProvider.retryBudget.ratio),
      burst: z.number().min(0).max(10_000).default(usualProvider.retryBudget.burst),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      failures: z.int().min(0).default(usualProvider.breaker.failures),
      windowMs: millis.default(usualProvider.breaker.windowMs),
      openMs: millis.default(usualProvider.breaker.openMs),
      probes: z.int().min(1).default(usualProvider.breaker.probes),
    })
    .prefault({}),
  hedge: z.strictObject({ afterMs: millis, loser: z.enum(['abort', 'drain']).default('abort') }).optional(),
})

const node = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/, 'must be host:port')

const redis = z.union([
  z.literal('standing'),
  z.strictObject({
    nodes: z.array(node).min(1),
    usernameFrom: envName.optional(),
    passwordFrom: envName.optional(),
    tls: z.boolean().default(false),
  }),
])

export const proxyFile = z
  .strictObject({
    instance: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be 1 to 64 letters, digits or "-"')
      .optional(),
    instances: z.int().min(1).max(10_000).default(1),
    listen: z.strictObject({ host: host.default('127.0.0.1'), port: port.default(8080) }).prefault({}),
    callers: z.strictObject({ keysFrom: z.array(envName).default([]) }).prefault({}),
    admin: z
      .strictObject({ host: host.default('127.0.0.1'), port: port.default(8081), keyFrom: envName.optional() })
      .prefault({}),
    redis,
    whenStoreIsAway: z.enum(['local', 'closed', 'open']).default(usualManners.whenStoreIsAway),
    strict: z.boolean().default(usualManners.strict),
    stickyMs: z.int().min(0).max(86_400_000).default(usualManners.stickyMs),
    providersPerRequest: z.int().min(1).max(100).default(usualManners.providersPerRequest),
    backOff: z
      .strictObject({
        baseMs: millis.default(usualManners.backOff.baseMs),
        capMs: millis.default(usualManners.backOff.capMs),
      })
      .prefault({}),
    drainMs: millis.default(30_000),
    log: z.strictObject({ level: z.enum(logLevels).default('info') }).prefault({}),
    limits: z
      .strictObject({
        requests: count.default(serverLimits.requests),
        connections: count.default(serverLimits.connections),
        bodyBytes: count.default(serverLimits.bodyBytes),
        bufferedBytes: count.default(serverLimits.bufferedBytes),
        headerBytes: z.int().min(1_024).max(1_048_576).default(serverLimits.headerBytes),
        headersMs: millis.default(serverLimits.headersMs),
        requestMs: millis.default(serverLimits.requestMs),
        keepAliveMs: millis.default(serverLimits.keepAliveMs),
        stalledMs: millis.default(serverLimits.stalledMs),
      })
      .prefault({}),
    providers: z.array(provider).min(1),
  })
  .superRefine(checkTogether)

export type ProxyFile = z.output<typeof proxyFile>
export type ProviderFile = ProxyFile['providers'][number]
export type RedisFile = ProxyFile['redis']

const loopback = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** What no key can say alone. */
function checkTogether(file: ProxyFile, context: z.RefinementCtx) {
  const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
  if (!file.callers.keysFrom.length && !loopback.test(file.listen.host))
    wrong(['listen', 'host'], 'lets others than this machine call; name the callers’ keys under callers.keysFrom')
  if (file.admin.keyFrom === undefined && !loopback.test(file.admin.host))
    wrong(['admin', 'host'], 'lets others than this machine connect; name a key under admin.keyFrom')
  if (file.admin.port !== 0 && file.admin.port === file.listen.port)
    wrong(['admin', 'port'], 'is the callers’ port; the admin listener needs one of its own')
  if (file.limits.bufferedBytes < file.limits.bodyBytes)
    wrong(['limits', 'bufferedBytes'], 'is smaller than limits.bodyBytes: the largest body would never fit')
  const seen = new Map<string, number>()
  for (const [n, { id, firstByteMs, totalMs, heartbeatMs, tombstoneMs, hedge }] of file.providers.entries()) {
    if (seen.has(id)) wrong(['providers', n, 'id'], `is the id of providers[${seen.get(id)}] too`)
    seen.set(id, n)
    if (firstByteMs > totalMs) wrong(['providers', n, 'firstByteMs'], 'is longer than totalMs')
    if (hedge && hedge.afterMs >= firstByteMs) wrong(['providers', n, 'hedge', 'afterMs'], 'is not before firstByteMs')
    if (tombstoneMs < 4 * heartbeatMs) wrong(['providers', n, 'tombstoneMs'], 'is shorter than a lease (4 heartbeats)')
  }
}
