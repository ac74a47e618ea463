/**
 * How plans, views and kubectl look at stored objects. A controller's reader shows its informers' caches (which may lag); the API's own reader
 * shows the store. All lists are ordered by key (namespace, then name).
 */
import type { KubernetesObject } from '../api/object.js'
import type { Kinds, Pod } from '../api/generated/types.js'

export type Kind = keyof Kinds

export interface Reader {
  /** The object, or undefined. `namespace` is '' for kinds without one. Unknown kinds (custom, merely stored) are read by their kind's name. */
  readonly get: <K extends Kind>(kind: K, namespace: string, name: string) => Kinds[K] | undefined
  /** All objects of the kind, of one namespace if given. */
  readonly list: <K extends Kind>(kind: K, namespace?: string) => readonly Kinds[K][]
  /** Objects of the kind with an ownerReference (controller or not) of that uid; for Pods, '' gives those without any ownerReference. O(answer). */
  readonly ownedBy: <K extends Kind>(kind: K, ownerUid: string) => readonly Kinds[K][]
  /** Pods bound to the node (spec.nodeName). O(answer). */
  readonly podsOnNode: (nodeName: string) => readonly Pod[]
  /** Pods of the namespace that name the claim in a volume. O(answer). */
  readonly podsWithClaim: (namespace: string, claimName: string) => readonly Pod[]
  /** For kinds that are known only at run time (API requests, garbage collection). */
  readonly getAny: (kind: string, namespace: string, name: string) => KubernetesObject | undefined
  readonly listAny: (kind: string, namespace?: string) => readonly KubernetesObject[]
}
