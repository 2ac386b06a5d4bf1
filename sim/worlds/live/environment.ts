/** The machine lacks something the live world needs: one line that says what, and what to do about it. */
export class EnvironmentNotReady extends Error {}
