/** The kubelets of all machines as one controller: what wakes them. */
import type { Pod } from '../../api/generated/types.js'
import type { ClusterEvent } from '../../cluster/events.js'
import type { Reader } from '../../cluster/reader.js'
import { matchesPattern, type KubeletProfile } from '../../cluster/world.js'
import type { Controller, Wake, WatchNotification } from '../controller.js'
import { wakesOfClaim, wakesOfMount } from './grow-file-system.js'
import { keyOfPod, planKubelet } from './plan.js'

export const makeKubelet = (profile: KubeletProfile): Controller => ({
  name: 'kubelet',
  watches: {
    Pod: wakesOfPod,
    PersistentVolumeClaim: ({ type, object }) => (type === 'DELETED' ? none : wakesOfClaim(object)),
    Node: ({ type, object }) => (type === 'ADDED' || type === 'DELETED' ? [{ key: object.metadata.name }] : []),
  },
  worldWatch: wakesOfWorld,
  plan: (context) => planKubelet(profile, context),
})

const none: readonly Wake[] = []

const wakeOf = (pod: Pod): readonly Wake[] => {
  const { nodeName } = pod.spec
  return nodeName === undefined || nodeName === ''
    ? none
    : [{ key: keyOfPod(nodeName, pod.metadata.namespace ?? '', pod.metadata.name, pod.metadata.uid) }]
}

/** A kubelet does not look at a Pod again for its own status writes, only when somebody else asks for something. */
const wakesOfPod = (notification: WatchNotification<Pod>): readonly Wake[] => {
  const { object, old } = notification
  if (notification.type !== 'MODIFIED' || old === undefined) return wakeOf(object)
  const isSame =
    object.spec === old.spec &&
    object.metadata.deletionTimestamp === old.metadata.deletionTimestamp &&
    object.metadata.deletionGracePeriodSeconds === old.metadata.deletionGracePeriodSeconds &&
    object.metadata.generation === old.metadata.generation
  return isSame && !readinessIsSomebodyElses(object) ? none : wakeOf(object)
}

/** Ready says something else than ContainersReady: the node controller marked it, or readiness gates have a say. */
const readinessIsSomebodyElses = ({ spec, status }: Pod): boolean => {
  if ((spec.readinessGates?.length ?? 0) > 0) return true
  const statusOf = (type: string): string | undefined => status.conditions?.find((condition) => condition.type === type)?.status
  return statusOf('ContainersReady') !== undefined && statusOf('Ready') !== statusOf('ContainersReady')
}

const wakesOfNode = (node: string, reader: Reader): readonly Wake[] => [{ key: node }, ...reader.podsOnNode(node).flatMap(wakeOf)]

const wakesOfWorld = (event: ClusterEvent, reader: Reader): readonly Wake[] => {
  switch (event.kind) {
    case 'MachineAdded':
    case 'NodeRestarted':
    case 'NodeReconnected':
    case 'KubeletResumed':
      return wakesOfNode(event.node, reader)
    case 'SandboxCreated':
      return event.volumes?.some(({ asset }) => asset.startsWith('disk:')) === true ? wakesOfMount(event, reader) : none
    case 'VolumeAttached':
      return reader
        .podsOnNode(event.node)
        .filter(({ status }) => status.phase === 'Pending')
        .flatMap(wakeOf)
    case 'ContainerExited':
      return event.unexpected === true ? wakesWhere(reader, ({ metadata }) => metadata.uid === event.podUid) : none
    case 'BehaviourSet':
      return 'pods' in event.behaviour ? wakesOfPattern(event.behaviour.pods, reader) : none
    case 'BehaviourCleared':
      return event.target === '' ? none : wakesOfPattern(event.target, reader)
    default:
      return none
  }
}

const wakesWhere = (reader: Reader, matches: (pod: Pod) => boolean): readonly Wake[] => reader.list('Pod').filter(matches).flatMap(wakeOf)

const wakesOfPattern = (pattern: string, reader: Reader): readonly Wake[] =>
  wakesWhere(reader, ({ metadata }) =>
    matchesPattern(pattern, pattern.includes('/') ? `${metadata.namespace ?? ''}/${metadata.name}` : metadata.name),
  )
