import { z } from 'zod'
import type { ProxyCore } from '../../handle.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Readiness } from './readiness.ts'
import { json, Problem, type Route } from './route.ts'

export interface AdminParts {
  core: Pick<ProxyCore, 'state' | 'counts' | 'terminate' | 'audit' | 'setLimit'>
  metrics: Pick<Metrics, 'text' | 'contentType'>
  readiness(): Readiness
}

const newLimit = z.strictObject({ limit: z.int().min(0).max(1_000_000) })

/** Everything that the admin listener answers. */
export function adminRoutes({ core, metrics, readiness }: AdminParts): Route[] {
  const provider = (id: string) => {
    const { providers } = core.state()
    const found = providers.find(known => known.id === id)
    if (!found) throw new Problem(404, `no provider "${id}"; there are ${providers.map(known => known.id).join(', ')}`)
    return found
  }
  return [
    { method: 'GET', path: /^\/healthz$/, name: '/healthz', open: true, answer: () => json({ alive: true }) },
    {
      method: 'GET',
      path: /^\/readyz$/,
      name: '/readyz',
      open: true,
      answer() {
        const state = readiness()
        return json(state, state.ready ? 200 : 503)
      },
    },
    {
      method: 'GET',
      path: /^\/metrics$/,
      name: '/metrics',
      answer: async () => ({ status: 200, type: metrics.contentType, body: await metrics.text(core.state()) }),
    },
    {
      method: 'GET',
      path: /^\/admin\/providers$/,
      name: '/admin/providers',
      async answer() {
        const counts = await core.counts()
        return json({ providers: core.state().providers.map(one => ({ ...one, sessions: counts[one.id] })) })
      },
    },
    {
      method: 'PUT',
      path: /^\/admin\/providers\/([^/]+)\/limit$/,
      name: '/admin/providers/:id/limit',
      answer(id, body) {
        const { limit: was } = provider(id)
        const parsed = newLimit.safeParse(body)
        if (!parsed.success)
          throw new Problem(400, 'send {"limit": n}, a whole number from 0 (unlimited) to 1000000, as JSON')
        core.setLimit(id, parsed.data.limit)
        return json({ provider: id, limit: parsed.data.limit, was })
      },
    },
    {
      method: 'POST',
      path: /^\/admin\/providers\/([^/]+)\/audit$/,
      name: '/admin/providers/:id/audit',
      answer: async id => json(await core.audit(provider(id).id)),
    },
    {
      method: 'POST',
      path: /^\/admin\/sessions\/([^/]+)\/terminate$/,
      name: '/admin/sessions/:id/terminate',
      answer: async session => json(await core.terminate(session)),
    },
  ]
}
