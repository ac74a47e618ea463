/** Volumes in the scheduling cycle. Follows pkg/scheduler/framework/plugins/volumebinding, volumerestrictions and volumezone. */
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../api/generated/types.js'
import { compareQuantities } from '../../api/quantity.js'
import type { Reader } from '../../cluster/reader.js'
import { selectedNode } from '../../resources/persistent-volume/queries.js'
import { classOfClaim, isFullyBound, requestOf, waitsForConsumer } from '../../resources/persistent-volume-claim/queries.js'
import { claimNameOfVolume, claimNamesOf, isTerminal } from '../../resources/pod/queries.js'
import { findVolumeFor, volumeReaches } from '../volume-match.js'

export interface PodVolumes {
  /** Volumes of the bound claims; undefined where the volume does not exist. */
  readonly bound: readonly (PersistentVolume | undefined)[]
  /** Claims to be bound for the node that is chosen, smallest first. */
  readonly delayed: readonly PersistentVolumeClaim[]
  /** A claim with ReadWriteOncePod is in use by another Pod. */
  readonly inUseElsewhere: boolean
}

const noVolumes: PodVolumes = { bound: [], delayed: [], inUseElsewhere: false }

/** The claims of the Pod, or why it cannot be placed anywhere. Follows podHasPVCs and PreFilter. */
export const volumesOf = (pod: Pod, reader: Reader): PodVolumes | string => {
  if (claimNamesOf(pod).length === 0) return noVolumes
  const namespace = pod.metadata.namespace ?? ''
  const claims: PersistentVolumeClaim[] = []
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimNameOfVolume(pod, volume)
    if (name === undefined) continue
    const claim = reader.get('PersistentVolumeClaim', namespace, name)
    if (claim === undefined) {
      return volume.ephemeral !== undefined
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
        : `persistentvolumeclaim "${name}" not found`
    }
    if (claim.status.phase === 'Lost')
      return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`
    if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`
    claims.push(claim)
  }
  const bound: (PersistentVolume | undefined)[] = []
  const delayed: PersistentVolumeClaim[] = []
  let inUseElsewhere = false
  for (const claim of claims) {
    if (isFullyBound(claim)) bound.push(reader.get('PersistentVolume', '', claim.spec.volumeName ?? ''))
    else if (waitsForConsumer(claim, reader) && (claim.spec.volumeName ?? '') === '') delayed.push(claim)
    else return 'pod has unbound immediate PersistentVolumeClaims'
    if (claim.spec.accessModes?.includes('ReadWriteOncePod') === true)
      inUseElsewhere ||= reader
        .podsWithClaim(namespace, claim.metadata.name)
        .some((other) => other.metadata.uid !== pod.metadata.uid && (other.spec.nodeName ?? '') !== '' && !isTerminal(other))
  }
  delayed.sort((left, right) => compareQuantities(requestOf(left), requestOf(right)) || (left.metadata.name < right.metadata.name ? -1 : 1))
  return { bound, delayed, inUseElsewhere }
}

/** What is to be done with the delayed claims on one node. */
export interface Provision {
  readonly claim: PersistentVolumeClaim
  /** An existing volume to reserve; undefined: one is to be made. */
  readonly volume: PersistentVolume | undefined
}

const allowsNode = (storageClass: StorageClass, node: Node): boolean =>
  storageClass.allowedTopologies === undefined ||
  storageClass.allowedTopologies.length === 0 ||
  storageClass.allowedTopologies.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) => values.includes(node.metadata.labels?.[key] ?? '')),
  )

/** Undefined when some claim cannot be served on that node. Follows findMatchingVolumes and checkVolumeProvisions. */
export const provisionsOn = (node: Node, { delayed }: PodVolumes, reader: Reader): readonly Provision[] | undefined => {
  const provisions: Provision[] = []
  const taken = new Set<string>()
  for (const claim of delayed) {
    const chosen = claim.metadata.annotations?.[selectedNode]
    if (chosen !== undefined) {
      if (chosen !== node.metadata.name) return undefined
      provisions.push({ claim, volume: undefined })
      continue
    }
    const volume = findVolumeFor(reader, claim, { delayed: true, node, excluded: taken })
    if (volume === undefined) {
      const storageClass = reader.get('StorageClass', '', classOfClaim(claim))
      if (storageClass === undefined || storageClass.provisioner === 'kubernetes.io/no-provisioner' || !allowsNode(storageClass, node))
        return undefined
    } else taken.add(volume.metadata.name)
    provisions.push({ claim, volume })
  }
  return provisions
}

const zoneLabels = [
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
]

const inZone = (volume: PersistentVolume, node: Node): boolean =>
  zoneLabels.every((label) => {
    const wanted = volume.metadata.labels?.[label]
    return wanted === undefined || wanted.split('__').includes(node.metadata.labels?.[label] ?? '')
  })

/** Why the node will not do for the Pod's volumes, if so. In the order of the plug-ins. */
export const volumeRejection = (
  node: Node,
  volumes: PodVolumes,
  reader: Reader,
): { readonly reason: string; readonly resolvable: boolean } | undefined => {
  if (volumes.inUseElsewhere)
    return {
      reason: 'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
      resolvable: true,
    }
  if (volumes.bound.some((volume) => volume === undefined))
    return { reason: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)', resolvable: false }
  if (volumes.bound.some((volume) => volume !== undefined && !volumeReaches(volume, node)))
    return { reason: "node(s) didn't match PersistentVolume's node affinity", resolvable: false }
  if (volumes.delayed.length > 0 && provisionsOn(node, volumes, reader) === undefined)
    return { reason: "node(s) didn't find available persistent volumes to bind", resolvable: false }
  if (volumes.bound.some((volume) => volume !== undefined && !inZone(volume, node)))
    return { reason: 'node(s) had no available volume zone', resolvable: false }
  return undefined
}
