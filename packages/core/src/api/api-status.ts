/**
 * The API server's refusals: Kubernetes' reason, code and sentence. Follows staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go.
 * `resource` below is the plural resource name with its group as the server prints it: `pods`, `statefulsets.apps`.
 */
export interface ApiStatus {
  readonly reason: ApiStatusReason
  readonly code: number
  readonly message: string
  readonly details?: {
    readonly name?: string
    readonly group?: string
    readonly kind?: string
    readonly uid?: string
    readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field: string }[]
    readonly retryAfterSeconds?: number
  }
}

export type ApiStatusReason =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Forbidden'
  | 'Gone'
  | 'InternalError'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotFound'
  | 'ServerTimeout'
  | 'Timeout'
  | 'TooManyRequests'
  | 'UnsupportedMediaType'

/** One violated rule of a field: `path: Type: value: detail`. Messages follow apimachinery/pkg/util/validation/field/errors.go. */
export interface FieldError {
  /** `spec.template.spec.containers[0].image` */
  readonly field: string
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueNotFound'
    | 'FieldValueTypeInvalid'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'InternalError'
  /** All after the path: `Required value`, `Invalid value: -1: must be …`. */
  readonly message: string
}

export const notFound = (resource: string, name: string): ApiStatus => ({
  reason: 'NotFound',
  code: 404,
  message: `${resource} "${name}" not found`,
  details: { name, kind: resource },
})

export const alreadyExists = (resource: string, name: string): ApiStatus => ({
  reason: 'AlreadyExists',
  code: 409,
  message: `${resource} "${name}" already exists`,
  details: { name, kind: resource },
})

export const conflict = (resource: string, name: string, why: string): ApiStatus => ({
  reason: 'Conflict',
  code: 409,
  message: `Operation cannot be fulfilled on ${resource} "${name}": ${why}`,
  details: { name, kind: resource },
})

/** The sentence of every lost optimistic lock. Follows OptimisticLockErrorMsg in apiserver/pkg/registry/generic/registry/store.go. */
export const modifiedMessage = 'the object has been modified; please apply your changes to the latest version and try again'

export const badRequest = (message: string): ApiStatus => ({ reason: 'BadRequest', code: 400, message })

export const forbidden = (resource: string, name: string, why: string): ApiStatus => ({
  reason: 'Forbidden',
  code: 403,
  message: `${resource} "${name}" is forbidden: ${why}`,
  details: { name, kind: resource },
})

/**
 * `kind` as the server prints it: `StatefulSet.apps`, `Pod`. One error stands alone, several are joined in brackets, as in NewInvalid and
 * ErrorList.ToAggregate (duplicates are named once).
 */
export const invalid = (kind: string, name: string, errors: readonly FieldError[]): ApiStatus => {
  const sentences = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))]
  const all = sentences.length === 1 ? (sentences[0] ?? '') : `[${sentences.join(', ')}]`
  return {
    reason: 'Invalid',
    code: 422,
    message: `${kind} "${name}" is invalid: ${all}`,
    details: { name, kind, causes: errors.map(({ field, message, reason }) => ({ reason, message, field })) },
  }
}
