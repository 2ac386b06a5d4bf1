/** What the living nodes of a local cluster make of it: one that was frozen may still believe what was. */
import { setTimeout as sleep } from 'node:timers/promises'
import { eachUntil } from './form.ts'
import type { RedisNode } from './node.ts'

/** What the living make of the whole: each primary's ports, its own first, by the view that most share. */
export async function shardsOf(living: readonly RedisNode[]): Promise<number[][]> {
  const views = await Promise.all(living.map(node => soon(shardsSeenBy(node))))
  const told = views.filter(view => view !== undefined)
  const primaries = (view: number[][]) => String(view.map(([primary]) => primary).toSorted())
  const alike = (view: number[][]) => told.filter(other => primaries(other) === primaries(view)).length
  return told.toSorted((a, b) => alike(b) - alike(a))[0] ?? []
}

async function shardsSeenBy({ admin }: RedisNode): Promise<number[][]> {
  const ranges = (await admin.call('CLUSTER', 'SLOTS')) as [number, number, ...[string, number][]][]
  return ranges.map(([, , ...serving]) => serving.map(([, port]) => port))
}

/** Resolves when no slot is the dead node's any more, or nobody is there who could take them. */
export async function inherited(
  port: number,
  living: () => readonly RedisNode[],
  nodeTimeoutMs: number,
): Promise<void> {
  const owns = async () => (await shardsOf(living())).some(([primary]) => primary === port)
  // An election takes a second or two on a busy machine.
  const election = performance.now() + nodeTimeoutMs + 4_000
  while (await owns()) {
    await sleep(50)
    if (performance.now() < election) continue
    const followers = await Promise.all(
      living().map(async node => ((await soon(followed(node))) === port ? node : undefined)),
    )
    const [heir] = followers.filter(node => node !== undefined)
    if (!heir) return
    await soon(heir.admin.call('CLUSTER', 'FAILOVER', 'TAKEOVER'))
    if (performance.now() > election + patienceMs) throw new Error(`nobody took over from the node at port ${port}`)
  }
}

/** The port of its primary; undefined for a primary. */
async function followed({ admin }: RedisNode): Promise<number | undefined> {
  const [role, , port] = (await admin.call('ROLE')) as [string, string, number]
  return role === 'slave' ? port : undefined
}

/** Resolves when the node is a primary as most see it, or a replica in step; at once when it has been killed, which another cure mends. */
export const settled = (node: RedisNode, living: () => readonly RedisNode[]): Promise<void> =>
  eachUntil([node], 'found its place', async () => {
    if (node.hasEnded()) return true
    const told = await soon(node.admin.call('ROLE') as Promise<[string, string, number, string]>)
    if (!told) return false
    const [role, , , link] = told
    if (role === 'slave') return link === 'connected'
    return (await shardsOf(living())).some(([primary]) => primary === node.port)
  })

/** A frozen node accepts a question and never answers it. */
export const soon = <T>(answer: Promise<T>): Promise<T | undefined> =>
  Promise.race([answer, sleep(500, undefined, { ref: false })]).catch(() => undefined)

export async function viewOf({ admin }: RedisNode, key: string): Promise<number[] | undefined> {
  const slot = Number(await admin.call('CLUSTER', 'KEYSLOT', key))
  const ranges = (await admin.call('CLUSTER', 'SLOTS')) as [number, number, ...[string, number][]][]
  const [, , ...serving] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? []
  return serving.length ? serving.map(([, port]) => port) : undefined
}

export const votes = (views: readonly number[][], { 0: primary }: readonly number[]) =>
  views.filter(view => view[0] === primary).length

/** How long it may take to find an heir after the election that found none. */
const patienceMs = 15_000
