/**
 * How kubectl ends badly: what it prints on standard error and its exit code. A command stops by throwing a `CommandFailure`, as kubectl's own
 * commands stop in CheckErr; the dispatcher catches it, nothing else does.
 */
import type { ApiStatus } from '@statefold/core'

/** One thing that went wrong, not yet worded: the wording depends on how many there are. */
export type Problem =
  | {
      readonly kind: 'status'
      readonly status: ApiStatus
      /** What stands before the message: `error when creating "STDIN": `. */ readonly source: string
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'exit'; readonly code: number; readonly text: string }

export const textProblem = (text: string): Problem => ({ kind: 'text', text })
export const statusProblem = (status: ApiStatus, source = ''): Problem => ({ kind: 'status', status, source })

/** Follows AddSourceToErr in kubectl/pkg/cmd/util/helpers.go. */
export const withSource = (verb: string, source: string | undefined, problem: Problem): Problem => {
  if (source === undefined || source === '') return problem
  const words = `error when ${verb} ${JSON.stringify(source)}: `
  if (problem.kind === 'status') return { ...problem, source: `${words}${problem.source}` }
  if (problem.kind === 'text') return { ...problem, text: `${words}${problem.text}` }
  return problem
}

/** Ends the command with these problems. */
export class CommandFailure extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(plainMessage).join('\n'))
    this.problems = problems
  }
}

export const fail = (text: string): never => {
  throw new CommandFailure([textProblem(text)])
}

export const failWith = (problem: Problem): never => {
  throw new CommandFailure([problem])
}

/** Follows UsageErrorf in kubectl/pkg/cmd/util/helpers.go. */
export const failUsage = (commandPath: string, text: string): never => fail(`${text}\nSee '${commandPath} -h' for help and examples`)

/** Ends the command with this code and nothing more to say. */
export const exitWith = (code: number): never => {
  throw new CommandFailure([{ kind: 'exit', code, text: '' }])
}

const plainMessage = (problem: Problem): string => (problem.kind === 'status' ? `${problem.source}${problem.status.message}` : problem.text)

/** Follows StandardErrorMessage and messageForError in kubectl/pkg/cmd/util/helpers.go: without `error: ` for the client's own words. */
const messageOf = (problem: Problem): string =>
  problem.kind === 'status'
    ? `Error from server (${problem.status.reason}): ${problem.source}${problem.status.message}`
    : plainMessage(problem)

/** `StatefulSet.apps` is `StatefulSet` in a Status. */
const kindWord = (kind: string): string => kind.split('.')[0] ?? kind

const invalidMessage = (status: ApiStatus): string => {
  const { details } = status
  if (details === undefined) return status.message === '' ? 'The request is invalid' : `The request is invalid: ${status.message}`
  const causes = [...new Set((details.causes ?? []).map((cause) => `${cause.field}: ${cause.message}`))]
  const named = (details.kind ?? '') !== '' || (details.name ?? '') !== ''
  const head = named
    ? `The ${kindWord(details.kind ?? '')} ${JSON.stringify(details.name ?? '')} is invalid`
    : causes.length === 0 && status.message !== ''
      ? `The request is invalid: ${status.message}`
      : 'The request is invalid'
  if (causes.length === 0) return head
  return causes.length === 1 ? `${head}: ${causes[0] ?? ''}` : `${head}: \n${causes.map((cause) => `* ${cause}`).join('\n')}`
}

const singleMessage = (problem: Problem): string => {
  if (problem.kind === 'status') return problem.status.reason === 'Invalid' ? invalidMessage(problem.status) : messageOf(problem)
  const text = plainMessage(problem)
  return problem.kind === 'exit' || text.startsWith('error: ') ? text : `error: ${text}`
}

/** What goes to standard error, and the exit code. Follows checkErr in kubectl/pkg/cmd/util/helpers.go. */
export const reportOf = (problems: readonly Problem[]): { readonly text: string; readonly code: number } => {
  const [only] = problems
  if (only === undefined) return { text: '', code: 0 }
  const text = problems.length === 1 ? singleMessage(only) : problems.map(messageOf).join('\n')
  const code = problems.length === 1 && only.kind === 'exit' ? only.code : 1
  return { text: text === '' || text.endsWith('\n') ? text : `${text}\n`, code }
}
