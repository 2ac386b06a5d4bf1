/** Something outside lacks what a start needs; the message says what, in one line, and what to do. */
export class NotReady extends Error {}
