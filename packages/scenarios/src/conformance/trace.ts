/** The trace that a conformance script leaves: its steps with their answers, and every write of the kinds that are judged. */
import type { KubernetesObject } from '@statefold/core'

export type TraceStep =
  | { readonly index: number; readonly kubectl: string; readonly exit: number; readonly stdout: string; readonly stderr: string }
  | { readonly index: number; readonly settled: boolean }
  | {
      readonly index: number
      readonly dns: { readonly name: string; readonly type: string }
      readonly answers: readonly string[]
      readonly rcode: string
    }
  | { readonly index: number }

export interface TraceWrite {
  readonly rv: number
  readonly ms: number
  readonly step: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubernetesObject
}

export interface Trace {
  readonly format: 'statefold-trace/1'
  readonly kubernetes: string
  readonly script: string
  readonly steps: readonly TraceStep[]
  readonly writes: readonly TraceWrite[]
}

/** The kinds whose writes a trace holds. */
export const tracedKinds: ReadonlySet<string> = new Set([
  'Pod',
  'Service',
  'Endpoints',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'Node',
  'ReplicationController',
  'Event',
  'StatefulSet',
  'Deployment',
  'ReplicaSet',
  'DaemonSet',
  'ControllerRevision',
  'EndpointSlice',
  'PodDisruptionBudget',
  'Job',
])
