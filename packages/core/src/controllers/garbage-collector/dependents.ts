/** Who depends on whom: the graph that the garbage collector reads from the informers' indexes. Its keys name objects of all kinds. */
import type { Kinds } from '../../api/generated/types.js'
import { keyOf, splitKey, type KubernetesObject, type ObjectRef } from '../../api/object.js'
import type { Kind, Reader } from '../../cluster/reader.js'

// A record, so that a kind that is added to the types and forgotten here does not compile.
const collected: { readonly [K in keyof Kinds]: true } = {
  CSIDriver: true,
  CSINode: true,
  CSIStorageCapacity: true,
  ConfigMap: true,
  ControllerRevision: true,
  CronJob: true,
  DaemonSet: true,
  Deployment: true,
  EndpointSlice: true,
  Endpoints: true,
  Event: true,
  HorizontalPodAutoscaler: true,
  Job: true,
  Lease: true,
  LimitRange: true,
  Namespace: true,
  Node: true,
  PersistentVolume: true,
  PersistentVolumeClaim: true,
  Pod: true,
  PodDisruptionBudget: true,
  PodTemplate: true,
  PriorityClass: true,
  ReplicaSet: true,
  ReplicationController: true,
  ResourceQuota: true,
  Secret: true,
  Service: true,
  ServiceAccount: true,
  StatefulSet: true,
  StorageClass: true,
  VolumeAttachment: true,
  VolumeAttributesClass: true,
}

/** Events are nobody's dependents and own nothing. Follows DefaultIgnoredResources in pkg/controller/garbagecollector/graph_builder.go. */
export const collectedKinds: readonly Kind[] = (Object.keys(collected) as Kind[]).filter((kind) => kind !== 'Event')

export const isDeletingDependents = ({ metadata }: KubernetesObject): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes('foregroundDeletion')

export const isOrphaning = ({ metadata }: KubernetesObject): boolean => (metadata.finalizers ?? []).includes('orphan')

export interface OwnerIdentity {
  readonly uid: string
  readonly namespace?: string
}

/** All objects with a reference to the owner, kind by kind and by key. */
export const dependentsOf = ({ uid, namespace = '' }: OwnerIdentity, reader: Reader): readonly KubernetesObject[] => {
  // Under '' the index keeps the Pods without an owner.
  if (uid === '') return nobody
  let found: KubernetesObject[] | undefined
  for (const kind of collectedKinds)
    for (const dependent of reader.ownedBy(kind, uid))
      if (namespace === '' || dependent.metadata.namespace === namespace) (found ??= []).push(dependent)
  return found ?? nobody
}
const nobody: readonly KubernetesObject[] = []

/** `Pod:default/web-0` */
export const keyOfRef = ({ kind, metadata: { namespace = '', name } }: KubernetesObject): string => `${kind}:${keyOf(namespace, name)}`

export const refOfKey = (key: string): ObjectRef => {
  const colon = key.indexOf(':')
  return { kind: key.slice(0, colon), ...splitKey(key.slice(colon + 1)) }
}

const gonePrefix = 'gone:'

/** The key for the dependents of an owner that is no more: only its uid still means something. */
export const keyOfGoneOwner = ({ metadata: { uid, namespace = '' } }: KubernetesObject): string => `${gonePrefix}${keyOf(namespace, uid)}`

export const goneOwnerOfKey = (key: string): OwnerIdentity | undefined => {
  if (!key.startsWith(gonePrefix)) return undefined
  const { namespace, name } = splitKey(key.slice(gonePrefix.length))
  return { uid: name, namespace }
}
