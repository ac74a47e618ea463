/**
 * The node's part of a claim's growth: the file system on a disk that has become larger is made as large, while it is mounted. Keys:
 * `grow NAMESPACE/NAME`. Follows pkg/volume/util/operationexecutor/node_expander.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/types.js'
import { keyOfObject, splitKey } from '../../api/object.js'
import { integerValueOf } from '../../api/quantity.js'
import type { Reader } from '../../cluster/reader.js'
import { actOnWorld, kubeletReachesApi, machineOf, processesOf, type World } from '../../cluster/world.js'
import { resizeStatusOf, withGrowth } from '../claim-growth.js'
import { assetOfVolume, capacityOf } from '../../resources/persistent-volume/queries.js'
import type { Plan, PlanContext, Wake } from '../controller.js'
import { replace } from '../requests.js'
import type { Steps } from '../steps.js'

const prefix = 'grow '
export const isGrowthKey = (key: string): boolean => key.startsWith(prefix)

const isForNode = (claim: PersistentVolumeClaim): boolean => {
  const status = resizeStatusOf(claim)
  return status === 'NodeResizePending' || status === 'NodeResizeInProgress'
}

/** podWorkers look at a Pod again after a minute to a minute and a half (resyncInterval, workerResyncIntervalJitterFactor in pkg/kubelet). */
const longestResyncMs = 90_000

/** A mounted disk is noticed at the next sync of its Pod. */
export const wakesOfClaim = (claim: PersistentVolumeClaim): readonly Wake[] =>
  resizeStatusOf(claim) === 'NodeResizePending' ? [{ key: `${prefix}${keyOfObject(claim)}` }] : []

/** A disk that is being mounted grows with that. */
export const wakesOfMount = (podKey: { readonly namespace: string; readonly name: string }, reader: Reader): readonly Wake[] =>
  (reader.get('Pod', podKey.namespace, podKey.name)?.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => {
    const claim =
      persistentVolumeClaim === undefined
        ? undefined
        : reader.get('PersistentVolumeClaim', podKey.namespace, persistentVolumeClaim.claimName)
    return claim === undefined || !isForNode(claim) ? [] : [{ key: `${prefix}${keyOfObject(claim)}` }]
  })

/** A Pod that has the disk mounted on a machine whose kubelet works. */
const mounterOf = (claim: PersistentVolumeClaim, volume: PersistentVolume, reader: Reader, world: World): Pod | undefined =>
  reader.podsWithClaim(claim.metadata.namespace ?? '', claim.metadata.name).find((pod) => {
    const machine = machineOf(world, pod.spec.nodeName ?? '')
    if (machine === undefined || !kubeletReachesApi(machine)) return false
    const asset = assetOfVolume(volume, machine.node)
    return processesOf(world, pod.metadata.uid)?.volumes.some((mounted) => mounted.asset === asset) === true
  })

function* tell(about: Pod | PersistentVolumeClaim, message: string, host: string): Steps<void> {
  yield { kind: 'RecordEvent', about, type: 'Normal', reason: 'FileSystemResizeSuccessful', message, component: 'kubelet', host }
}

export function* planGrowth({ key, reader, world, now, memory, choose }: PlanContext): Plan {
  const { namespace, name } = splitKey(key.slice(prefix.length))
  const claim = reader.get('PersistentVolumeClaim', namespace, name)
  const volume = reader.get('PersistentVolume', '', claim?.spec.volumeName ?? '')
  if (claim === undefined || volume === undefined || !isForNode(claim)) return { memory: null }
  const pod = mounterOf(claim, volume, reader, world)
  // It grows when it is mounted next.
  if (pod === undefined) return { memory: null }
  const hasJustMounted = now - (processesOf(world, pod.metadata.uid)?.sandbox?.createdAt ?? 0) <= 1_000
  const dueAt =
    typeof memory === 'number'
      ? memory
      : hasJustMounted
        ? now
        : now + choose({ stream: 'kubelet/resync', key: claim.metadata.uid }, longestResyncMs)
  if (now < dueAt) {
    const because = `the kubelet of ${pod.spec.nodeName ?? ''} makes the file system larger when it looks at ${pod.metadata.name} next`
    return { memory: dueAt, requeueAfterMs: dueAt - now, waitingFor: [{ kind: 'FileSystemResizePending', on: name, because }] }
  }
  const begun = yield* replace<'PersistentVolumeClaim'>(
    withGrowth(claim, { resizeStatus: 'NodeResizeInProgress', keepsOtherConditions: true }, now),
    'status',
  )
  if (E.isLeft(begun)) return { error: begun.left }
  const host = pod.spec.nodeName ?? ''
  yield actOnWorld({ kind: 'AssetGrown', asset: assetOfVolume(volume, host), capacityBytes: integerValueOf(capacityOf(volume)) })
  const message = `MountVolume.NodeExpandVolume succeeded for volume "${volume.metadata.name}" ${host}`
  yield* tell(pod, message, host)
  yield* tell(begun.right, message, host)
  const capacity = volume.spec.capacity?.['storage']
  yield* replace<'PersistentVolumeClaim'>(
    withGrowth(begun.right, { resizeStatus: undefined, ...(capacity === undefined ? undefined : { capacity }) }, now),
    'status',
  )
  return { memory: null }
}
