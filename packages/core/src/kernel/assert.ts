/** What must be true. A failure is our own bug (exit code 70), never bad input. */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed'
}

export const assert: (condition: boolean, message: string) => asserts condition = (condition, message) => {
  if (!condition) throw new AssertionFailed(message)
}

/** For the end of exhaustive switches: a new kind does not compile until someone has thought about it. */
export const unreachable = (value: never): never => {
  throw new AssertionFailed(`unexpected ${JSON.stringify(value)}`)
}
