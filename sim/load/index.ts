/** One line a load; this list is the registry. */
export { bursts } from './bursts.ts'
export { constant } from './constant.ts'
export { conversations } from './conversations.ts'
export { poisson } from './poisson.ts'
export { ramp } from './ramp.ts'
export { rushes } from './rushes.ts'
export { saturate } from './saturate.ts'
