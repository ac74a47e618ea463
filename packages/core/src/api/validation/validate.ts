/** What the API server refuses, in its words and in its order. Objects come here defaulted and prepared. */
import type { FieldError } from '../api-status.js'
import { loosely, type Loose } from '../loose.js'
import type { Kind } from '../../cluster/reader.js'
import type { Kinds } from '../generated/types.js'
import type { KubernetesObject, UnstoredObject } from '../object.js'
import { checkCronJob, checkJobStatus, checkJobUpdate, checkNewJob } from './jobs.js'
import { dnsSubdomain } from './names.js'
import {
  checkBudgetStatus,
  checkBudgetUpdate,
  checkConfigMapUpdate,
  checkLease,
  checkNamespaceStatus,
  checkNewBudget,
  checkNewConfigMap,
  checkNewNamespace,
  checkNewNode,
  checkNewPriorityClass,
  checkNewSecret,
  checkNodeUpdate,
  checkPriorityClassUpdate,
  checkSecretUpdate,
  checkServiceAccount,
  checkTemplateObject,
} from './others.js'
import { checkNewPod } from './pod-spec.js'
import { checkPodStatusUpdate, checkPodUpdate } from './pod-update.js'
import {
  checkEndpointSliceUpdate,
  checkEndpointsUpdate,
  checkNewEndpointSlice,
  checkNewEndpoints,
  checkNewService,
  checkServiceStatus,
  checkServiceUpdate,
} from './services.js'
import {
  checkClaimStatus,
  checkClaimUpdate,
  checkNewClaim,
  checkNewStorageClass,
  checkNewVolume,
  checkStorageClassUpdate,
  checkVolumeStatus,
  checkVolumeUpdate,
} from './storage.js'
import {
  checkChangedMeta,
  checkDaemonSetStatus,
  checkDaemonSetUpdate,
  checkDeploymentStatus,
  checkDeploymentUpdate,
  checkNewDaemonSet,
  checkNewDeployment,
  checkNewMeta,
  checkNewReplicaSet,
  checkNewReplicationController,
  checkNewStatefulSet,
  checkReplicaSetStatus,
  checkReplicaSetUpdate,
  checkReplicationControllerStatus,
  checkReplicationControllerUpdate,
  checkRevision,
  checkRevisionUpdate,
  checkStatefulSetStatus,
  checkStatefulSetUpdate,
} from './workloads.js'
import type { Errors } from './field-errors.js'

/** The rules of one kind. What is absent is the rule of metadata alone. */
interface Rules<T> {
  readonly create?: (errors: Errors, object: Loose<T>) => void
  readonly update?: (errors: Errors, next: Loose<T>, stored: Loose<T>) => void
  readonly status?: (errors: Errors, next: Loose<T>, stored: Loose<T>) => void
}

const rules: { readonly [K in Kind]?: Rules<Kinds[K]> } = {
  ConfigMap: { create: checkNewConfigMap, update: checkConfigMapUpdate },
  ControllerRevision: { create: checkRevision, update: checkRevisionUpdate },
  CronJob: { create: withMeta(checkCronJob), update: withMetaUpdate(checkCronJob) },
  DaemonSet: { create: checkNewDaemonSet, update: checkDaemonSetUpdate, status: checkDaemonSetStatus },
  Deployment: { create: checkNewDeployment, update: checkDeploymentUpdate, status: checkDeploymentStatus },
  EndpointSlice: { create: checkNewEndpointSlice, update: checkEndpointSliceUpdate },
  Endpoints: { create: checkNewEndpoints, update: checkEndpointsUpdate },
  Job: { create: checkNewJob, update: checkJobUpdate, status: checkJobStatus },
  Lease: { create: checkLease, update: withMetaUpdate(checkLease) },
  Namespace: { create: checkNewNamespace, status: checkNamespaceStatus },
  Node: { create: checkNewNode, update: checkNodeUpdate, status: checkNodeUpdate },
  PersistentVolume: { create: checkNewVolume, update: checkVolumeUpdate, status: checkVolumeStatus },
  PersistentVolumeClaim: { create: checkNewClaim, update: checkClaimUpdate, status: checkClaimStatus },
  Pod: { create: checkNewPod, update: checkPodUpdate, status: checkPodStatusUpdate },
  PodDisruptionBudget: { create: checkNewBudget, update: checkBudgetUpdate, status: checkBudgetStatus },
  PodTemplate: { create: checkTemplateObject, update: withMetaUpdate(checkTemplateObject) },
  PriorityClass: { create: checkNewPriorityClass, update: checkPriorityClassUpdate },
  ReplicaSet: { create: checkNewReplicaSet, update: checkReplicaSetUpdate, status: checkReplicaSetStatus },
  ReplicationController: {
    create: checkNewReplicationController,
    update: checkReplicationControllerUpdate,
    status: checkReplicationControllerStatus,
  },
  Secret: { create: checkNewSecret, update: checkSecretUpdate },
  Service: { create: checkNewService, update: checkServiceUpdate, status: checkServiceStatus },
  ServiceAccount: { create: checkServiceAccount },
  StatefulSet: { create: checkNewStatefulSet, update: checkStatefulSetUpdate, status: checkStatefulSetStatus },
  StorageClass: { create: checkNewStorageClass, update: checkStorageClassUpdate },
}

function withMeta<T extends { readonly metadata?: object }>(
  check: (errors: Errors, object: T) => void,
): (errors: Errors, object: T) => void {
  return (errors, object) => {
    checkNewMeta(errors, object, dnsSubdomain)
    check(errors, object)
  }
}

function withMetaUpdate<T extends { readonly metadata?: object }>(
  check: (errors: Errors, object: T) => void,
): (errors: Errors, next: T, stored: T) => void {
  return (errors, next, stored) => {
    checkChangedMeta(errors, next, stored)
    check(errors, next)
  }
}

// The kind is known only at run time: the rules of that kind fit the object of that kind.
const rulesOf = (kind: string): Rules<object> | undefined =>
  Object.hasOwn(rules, kind) ? (rules[kind as Kind] as Rules<object>) : undefined

const nothing: readonly FieldError[] = []

/** The rules of creation. Empty: valid. */
export const validateCreate = (object: UnstoredObject): readonly FieldError[] => {
  const errors: Errors = []
  const create = rulesOf(object.kind)?.create
  if (create === undefined) checkNewMeta(errors, object, dnsSubdomain)
  else create(errors, loosely<object>(object))
  return errors.length === 0 ? nothing : errors
}

/** The rules of updating the object itself: those of its content and those of what may change. */
export const validateUpdate = (next: UnstoredObject, stored: KubernetesObject): readonly FieldError[] => {
  const errors: Errors = []
  const update = rulesOf(next.kind)?.update
  if (update === undefined) checkChangedMeta(errors, next, stored)
  else update(errors, loosely<object>(next), loosely<object>(stored))
  return errors.length === 0 ? nothing : errors
}

/** The rules of the status subresource. */
export const validateStatusUpdate = (next: UnstoredObject, stored: KubernetesObject): readonly FieldError[] => {
  const errors: Errors = []
  const status = rulesOf(next.kind)?.status
  if (status === undefined) checkChangedMeta(errors, next, stored)
  else status(errors, loosely<object>(next), loosely<object>(stored))
  return errors.length === 0 ? nothing : errors
}

export { warningsFor } from './warnings.js'
