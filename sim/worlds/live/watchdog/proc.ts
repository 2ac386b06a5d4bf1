/** What Linux says of processes. Elsewhere nothing is known, and nobody is watched. */
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessStat {
  pid: number
  parent: number
  /** The pid of the process that began the session; all its descendants are in it. */
  session: number
  /** In clock ticks since the machine started: with the pid, it names one process for good. */
  started: string
}

/** Undefined: there is none, or only what its parent has not looked at yet. */
export function statOf(pid: number): ProcessStat | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The name before it may hold anything, parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z') return undefined
  return { pid, parent: Number(fields[1]), session: Number(fields[3]), started: fields[19]! }
}

export function allProcesses(): ProcessStat[] {
  try {
    const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
    return pids.map(pid => statOf(Number(pid))).filter(stat => stat !== undefined)
  } catch {
    return []
  }
}
