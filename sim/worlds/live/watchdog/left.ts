/** What is left of the sessions that a runner began, and of nobody else's. */
import type { ProcessStat } from './proc.ts'

/** The first process of a session, as it was when it was started. */
export type Leader = Pick<ProcessStat, 'pid' | 'started'>

/**
 * The kernel gives no pid away while a session bears it: where the leader is gone, who is in its session descends from it. Where another
 * process bears its pid, the session had ended before.
 */
export function leftOf(leaders: readonly Leader[], processes: readonly ProcessStat[]): ProcessStat[] {
  const byPid = new Map(processes.map(process => [process.pid, process]))
  return leaders.flatMap(({ pid, started }) => {
    const bearer = byPid.get(pid)
    if (bearer && bearer.started !== started) return []
    return processes.filter(process => process.session === pid && Number(process.started) >= Number(started))
  })
}
