/** Parts of a plan, and the errors that they hand to each other. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import type { ApiResult } from '../cluster/api-commands.js'
import type { ClusterCommand } from '../cluster/commands.js'

/** A part of a plan: it yields commands, receives the answers, and ends with a value. */
export type Steps<T> = Generator<ClusterCommand, T, ApiResult>

/** The refusal of an answer, if it is one. */
export const refusalOf = (answer: ApiResult): ApiStatus | undefined => (E.isLeft(answer) ? answer.left : undefined)

/** An error that a controller made up itself: fmt.Errorf without an API error in it. */
export const plainError = (message: string): ApiStatus => ({ reason: 'InternalError', code: 500, message })

/** fmt.Errorf with %w: more words in front, still the same error underneath. */
export const wrapError = (prefix: string, error: ApiStatus): ApiStatus => ({ ...error, message: prefix + error.message })

/** One error out of several: alone it stays as it is, more are joined in brackets. Follows NewAggregate in apimachinery/pkg/util/errors/errors.go. */
export const aggregateErrors = (errors: readonly (ApiStatus | undefined)[]): ApiStatus | undefined => {
  const real = errors.filter((error) => error !== undefined)
  if (real.length <= 1) return real[0]
  const messages = [...new Set(real.map((error) => error.message))]
  return plainError(messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`)
}
