/** What is wrong with a configuration file: a line each, with the place and what to do. */
export class BadConfig extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
