/** What all parts of one sync of a StatefulSet share: what they look at, and what they leave behind for the outcome. */
import type { ApiStatus } from '../../api/api-status.js'
import type { StatefulSet } from '../../api/generated/types.js'
import type { KubernetesObject } from '../../api/object.js'
import type { ClusterCommand } from '../../cluster/commands.js'
import type { PlanContext, Waiting } from '../controller.js'

/** How this controller is run. */
export interface StatefulSetControllerOptions {
  /** The feature gate MaxUnavailableStatefulSet: off in Kubernetes 1.36, on in 1.37. */
  readonly maxUnavailable: boolean
  /** The feature gate StaleControllerConsistencyStatefulSet: no sync before the informers show the controller's own writes. */
  readonly staleReadProtection: boolean
}

export interface Sync {
  readonly context: PlanContext
  readonly set: StatefulSet
  readonly options: StatefulSetControllerOptions
  /** OrderedReady: one after another. */
  readonly isMonotonic: boolean
  readonly minReadySeconds: number
  /** Said by whoever stops early. */
  readonly waitFor: (waiting: Waiting) => void
  /** Called with every object of ours that the API has stored. */
  readonly noteWrite: (object: KubernetesObject) => void
}

export const namespaceOf = (set: StatefulSet): string => set.metadata.namespace ?? ''

/** `default/web-1`: what a Waiting is about. */
export const onPod = ({ set }: Sync, podName: string): string => `${namespaceOf(set)}/${podName}`

type Verb = 'Create' | 'Update' | 'Delete'

/** Follows recordPodEvent in pkg/controller/statefulset/stateful_pod_control.go. */
export const podEvent = (set: StatefulSet, verb: Verb, podName: string, error: ApiStatus | undefined): ClusterCommand =>
  error === undefined
    ? {
        kind: 'RecordEvent',
        about: set,
        type: 'Normal',
        reason: `Successful${verb}`,
        message: `${verb} Pod ${podName} in StatefulSet ${set.metadata.name} successful`,
      }
    : {
        kind: 'RecordEvent',
        about: set,
        type: 'Warning',
        reason: `Failed${verb}`,
        message: `${verb} Pod ${podName} in StatefulSet ${set.metadata.name} failed error: ${error.message}`,
      }

/** Follows recordClaimEvent in the same file: without "for", and "success" instead of "successful", when all is well. */
export const claimCreationEvent = (set: StatefulSet, podName: string, claimName: string, error: ApiStatus | undefined): ClusterCommand =>
  error === undefined
    ? {
        kind: 'RecordEvent',
        about: set,
        type: 'Normal',
        reason: 'SuccessfulCreate',
        message: `Create Claim ${claimName} Pod ${podName} in StatefulSet ${set.metadata.name} success`,
      }
    : {
        kind: 'RecordEvent',
        about: set,
        type: 'Warning',
        reason: 'FailedCreate',
        message: `Create Claim ${claimName} for Pod ${podName} in StatefulSet ${set.metadata.name} failed error: ${error.message}`,
      }
