/** The names of the keys. One hash tag per provider, shared by nothing else, so that a script's keys meet in one slot. */

export const sessionsKey = (provider: string): string => `{provider:${provider}}:active_sessions`
export const attemptsKey = (provider: string): string => `{provider:${provider}}:attempts`
export const refsKey = (provider: string): string => `{provider:${provider}}:active_session_refs`

/** The permanent member that keeps a key alive and holds the lease clock. */
export const anchor = '#'

/** A client's session as a member: prefixed, so that no session name can forge the anchor. */
export const memberOf = (session: string): string => `s:${session}`

/** The session behind a member; undefined for the anchor and for what this project did not write. */
export const sessionOf = (member: string): string | undefined => (member.startsWith('s:') ? member.slice(2) : undefined)
