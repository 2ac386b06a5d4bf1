/** One line a fault; this list is the registry. */
export { providerFails } from './provider-fails.ts'
export { providerMixed } from './provider-mixed.ts'
