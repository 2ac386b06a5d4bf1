/** One line a scenario; this list is the registry. */
export { providerOutage } from './provider-outage.ts'
