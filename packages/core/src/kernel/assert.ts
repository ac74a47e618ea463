/** What must be true. A failure is our own bug (exit code 70), never bad input. */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed'
}

/** A message that is put together is given as a function: it is needed once in a lifetime, and what must be true is asked for every event. */
export const assert: (condition: boolean, message: string | (() => string)) => asserts condition = (condition, message) => {
  if (!condition) throw new AssertionFailed(typeof message === 'string' ? message : message())
}

/** For the end of exhaustive switches: a new kind does not compile until someone has thought about it. */
export const unreachable = (value: never): never => {
  throw new AssertionFailed(`unexpected ${JSON.stringify(value)}`)
}
