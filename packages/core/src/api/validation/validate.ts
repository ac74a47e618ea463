/** What the API server refuses, in its words and in its order. Objects come here defaulted and prepared. */
import type { FieldError } from '../api-status.js'
import type { KubernetesObject, UnstoredObject } from '../object.js'

/** The rules of creation. Empty: valid. */
export const validateCreate = (_object: UnstoredObject): readonly FieldError[] => []

/** The rules of updating the object itself: those of its content and those of what may change. */
export const validateUpdate = (_next: UnstoredObject, _stored: KubernetesObject): readonly FieldError[] => []

/** The rules of the status subresource. */
export const validateStatusUpdate = (_next: UnstoredObject, _stored: KubernetesObject): readonly FieldError[] => []

/** What the server says behind `Warning:` although it accepts the object. `stored` is absent on creation. */
export const warningsFor = (_object: UnstoredObject, _stored?: KubernetesObject): readonly string[] => []
