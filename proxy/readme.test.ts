/** What the README tells of the proxy's surfaces is what they have. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { adminRoutes } from './node/admin/routes.ts'
import { proxyFile } from './node/config/schema.ts'
import { createMetrics } from './node/telemetry/metrics.ts'

const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
const metrics = createMetrics({ policy: 'local', providers: [] })
const state = () => ({
  draining: false,
  requestsInFlight: 0,
  providers: [],
  outbox: { count: 0, oldestMs: 0, dropped: 0 },
})

test('the metrics', async () => {
  const text = await metrics.text(state())
  const registered = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  const told = [...readme.matchAll(/^\| `(stormproof_\w+)`/gm)].map(([, name]) => name)
  expect(told.toSorted()).toEqual(registered.toSorted())
})

test('the endpoints', () => {
  const nothing = async () => ({}) as never
  const core = { state, counts: nothing, terminate: nothing, audit: nothing, setLimit() {} }
  const routes = adminRoutes({ core, metrics, readiness: () => ({}) as never })
  const told = [...readme.matchAll(/^\| `((?:GET|POST|PUT) \S+)`/gm)].map(([, name]) => name)
  expect(told.toSorted()).toEqual(routes.map(({ method, name }) => `${method} ${name}`).toSorted())
})

test('the keys of the configuration', () => {
  const section = readme.slice(readme.indexOf('## Configuration'), readme.indexOf('## What a caller gets'))
  const rows = section.split('\n').filter(line => line.startsWith('| `'))
  const told = rows.flatMap(row => {
    const names = [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
    // `.b` stands beside the row's first name, `.b.c` below the provider.
    const beside = names[0]!.slice(0, names[0]!.lastIndexOf('.'))
    const whole = (name: string) => (name.lastIndexOf('.') > 0 ? 'providers[]' : beside) + name
    return names.map(name => (name.startsWith('.') ? whole(name) : name))
  })
  expect(told.toSorted()).toEqual(keysOf(proxyFile).toSorted())
})

function keysOf(schema: z.core.$ZodType, path = ''): string[] {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return keysOf(schema.unwrap(), path)
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject) return keysOf(schema.element, `${path}[]`)
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape).flatMap(([key, inner]) =>
      keysOf(inner as z.core.$ZodType, path ? `${path}.${key}` : key),
    )
  return [path]
}
