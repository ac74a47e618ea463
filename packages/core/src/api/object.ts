/** The least that every Kubernetes object has, and how we point at one. */
import type { ObjectMeta, OwnerReference, StoredObjectMeta } from './generated/types.js'

export type { StoredObjectMeta } from './generated/types.js'

/** An object as it is stored: it has a name, a uid and a resourceVersion. The types of single kinds are in `generated/types.ts`. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: StoredObjectMeta
}

/** An object as somebody sends it: nothing but its type is sure. */
export interface UnstoredObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata?: ObjectMeta
}

/** Points at one object. `namespace` is '' for kinds without namespace. */
export interface ObjectRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export const refOf = (object: KubernetesObject): ObjectRef => ({
  kind: object.kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
})

/** `default/web-0`, or `node-1` without a namespace: the key of work queues and stores. */
export const keyOf = (namespace: string, name: string): string => (namespace === '' ? name : `${namespace}/${name}`)
export const keyOfObject = (object: KubernetesObject): string => keyOf(object.metadata.namespace ?? '', object.metadata.name)

// Most keys and paths lie in the namespace that the last one lay in: the objects made of them then share one text.
let lastNamespace = ''

/** The namespace that is written there. */
export const namespaceIn = (text: string, from: number, to: number): string => {
  if (from === to) return ''
  if (to - from !== lastNamespace.length || !text.startsWith(lastNamespace, from)) lastNamespace = text.slice(from, to)
  return lastNamespace
}

export const splitKey = (key: string): { readonly namespace: string; readonly name: string } => {
  const slash = key.indexOf('/')
  return slash < 0 ? { namespace: '', name: key } : { namespace: namespaceIn(key, 0, slash), name: key.slice(slash + 1) }
}

/** The one owner that controls the object. Follows GetControllerOf in apimachinery/pkg/apis/meta/v1/controller_ref.go. */
export const controllerRefOf = (object: KubernetesObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((reference) => reference.controller === true)
