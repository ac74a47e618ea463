/** What the registry's strategies do before an object is validated and stored. Pure. */
import type { KubernetesObject, UnstoredObject } from '../object.js'

/** PrepareForCreate. `metadata.uid` must be set already (a Job's selector is made from it). */
export const prepareForCreate = (object: UnstoredObject): UnstoredObject => object

/** PrepareForUpdate and the metadata rules of rest.BeforeUpdate. `next` has been through `withDefaults`. */
export const prepareForUpdate = (next: UnstoredObject, stored: KubernetesObject, subresource?: 'status'): UnstoredObject =>
  subresource === 'status' ? next : { ...next, metadata: { ...next.metadata, uid: stored.metadata.uid } }
