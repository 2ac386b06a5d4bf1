/** What a connection says first: who it is, where the node asks for that. */
import type { Login } from '../cluster/at-node.ts'
import { encode } from './resp.ts'

/** At most one command, answered with OK; without a user's name it is the default user (redis.io/commands/auth). */
export const introduction = ({ username, password }: Login = {}): string[] =>
  password === undefined ? [] : [username === undefined ? encode('AUTH', password) : encode('AUTH', username, password)]
