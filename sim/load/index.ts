/** One line a load; this list is the registry. */
export { bursts } from './bursts.ts'
export { conversations } from './conversations.ts'
export { poisson } from './poisson.ts'
export { rushes } from './rushes.ts'
