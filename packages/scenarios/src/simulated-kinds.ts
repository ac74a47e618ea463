/** Which kinds do something here; all others are stored, defaulted and validated only. */
import type { Simulation } from '@statefold/core'

const simulatedKinds: ReadonlySet<string> = new Set([
  'ControllerRevision',
  'CronJob',
  'DaemonSet',
  'Deployment',
  'Endpoints',
  'EndpointSlice',
  'Event',
  'Eviction',
  'Job',
  'Lease',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'PodDisruptionBudget',
  'ReplicaSet',
  'ReplicationController',
  'Service',
  'StatefulSet',
  'StorageClass',
  'VolumeAttachment',
])

/** Read by kubelets (as files and environment), so they are more than stored. */
const readKinds: ReadonlySet<string> = new Set(['ConfigMap', 'Secret', 'PriorityClass'])

const isSimulatedKind = (kind: string): boolean => simulatedKinds.has(kind) || readKinds.has(kind)

/** The kinds of objects that people made and that nothing acts on, in the order in which they were made. */
export const watchStoredKinds = (simulation: Simulation): (() => readonly string[]) => {
  const found = new Set<string>()
  simulation.commands$.subscribe(({ actor, command, result }) => {
    if (actor === 'bootstrap' || result._tag === 'Left') return
    if (command.kind === 'CreateObject' && !isSimulatedKind(command.object.kind)) found.add(command.object.kind)
  })
  return () => [...found]
}
