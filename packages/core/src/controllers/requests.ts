/** The requests that plans make of the API, each with the answer as an object of its kind. Plans delegate to them with `yield*`. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import type { Kinds } from '../api/generated/types.js'
import { refOf, type KubernetesObject, type UnstoredObject } from '../api/object.js'
import type { ApiCommand, ApiResult, DeleteOptions, Subresource } from '../cluster/api-commands.js'
import type { Kind } from '../cluster/reader.js'
import type { Steps } from './steps.js'

/** What the API answers when an object of one kind was asked for. */
export type Answer<K extends Kind> = E.Either<ApiStatus, Kinds[K]>

// The API answers with an object of the kind that the command named; its result type cannot say so.
const answered = <K extends Kind>(result: ApiResult): Answer<K> => result as Answer<K>

/** A live read, not from a cache. */
export function* getLive<K extends Kind>(kind: K, namespace: string, name: string): Steps<Answer<K>> {
  return answered<K>(yield { kind: 'GetObject', target: { kind, namespace, name } })
}

export function* create<K extends Kind>(object: UnstoredObject & { readonly kind: K }): Steps<Answer<K>> {
  return answered<K>(yield { kind: 'CreateObject', object })
}

/** A PUT of a whole object as it was read, with changes: refused when somebody else wrote in between. */
export function* replace<K extends Kind>(object: UnstoredObject & { readonly kind: K }, subresource?: Subresource): Steps<Answer<K>> {
  return answered<K>(yield { kind: 'ReplaceObject', object, ...(subresource === undefined ? undefined : { subresource }) })
}

export function* remove(object: KubernetesObject, options: DeleteOptions = {}): Steps<ApiResult> {
  return yield { kind: 'DeleteObject', target: refOf(object), options }
}

export interface Report {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** Records an Event about the object, from the acting controller unless a component is named. */
export function* report(about: KubernetesObject, { type, reason, message }: Report, component?: string): Steps<void> {
  const command: ApiCommand = {
    kind: 'RecordEvent',
    about,
    type,
    reason,
    message,
    ...(component === undefined ? undefined : { component }),
  }
  yield command
}

export const isNotFound = (result: E.Either<ApiStatus, unknown>): boolean => E.isLeft(result) && result.left.reason === 'NotFound'

/** The refusal because the namespace is on its way out: everything that comes after would be refused too. */
// Follows HasStatusCause(err, NamespaceTerminatingCause) in apimachinery/pkg/api/errors/errors.go.
export const isNamespaceTerminating = (status: ApiStatus): boolean =>
  status.code === 403 && (status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
