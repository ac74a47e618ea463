/**
 * The volume binder: marries claims to volumes, asks for volumes that do not exist yet, and says what becomes of a volume whose claim is gone.
 * Two sorts of keys: `claim NAMESPACE/NAME` and `volume NAME`. Follows pkg/controller/volume/persistentvolume/pv_controller.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import { compareQuantities } from '../../api/quantity.js'
import type { Reader } from '../../cluster/reader.js'
import { actOnWorld } from '../../cluster/world.js'
import { extended } from '../../kernel/extended.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { findVolumeFor, offersAllModes, volumeModesDiffer } from '../volume-match.js'
import {
  assetOfVolume,
  bindCompleted,
  boundByController,
  capacityOf,
  classOfVolume,
  diskOf,
  isReservedFor,
  migratedTo,
  provisionedBy,
} from '../../resources/persistent-volume/queries.js'
import {
  classOfClaim,
  defaultClass,
  hasSelectedNode,
  isBindCompleted,
  requestOf,
  saysItsClass,
  waitsForConsumer,
} from '../../resources/persistent-volume-claim/queries.js'
import { isTerminal } from '../../resources/pod/queries.js'
import type { Plan, PlanContext, PlanOutcome, Waiting } from '../controller.js'
import { getLive, remove, replace, report, type Answer } from '../requests.js'
import type { Steps } from '../steps.js'

/** PVClaimBinderSyncPeriod: what waits is looked at again at every tick of the controller's life. The only thing that binds a waiting claim to a new volume. */
const resyncPeriodMs = 15_000
const untilResync = (now: SimTime): number => resyncPeriodMs - (now % resyncPeriodMs)

const storageProvisioner = 'volume.kubernetes.io/storage-provisioner'
const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner'

/** Provisioners that were part of Kubernetes once and are served by drivers now. Follows staging/src/k8s.io/csi-translation-lib/plugins. */
const migratedProvisioners: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/aws-ebs', 'ebs.csi.aws.com'],
  ['kubernetes.io/gce-pd', 'pd.csi.storage.gke.io'],
  ['kubernetes.io/azure-disk', 'disk.csi.azure.com'],
  ['kubernetes.io/azure-file', 'file.csi.azure.com'],
  ['kubernetes.io/cinder', 'cinder.csi.openstack.org'],
  ['kubernetes.io/vsphere-volume', 'csi.vsphere.vmware.com'],
  ['kubernetes.io/portworx-volume', 'pxd.portworx.com'],
])

type Claim = PersistentVolumeClaim
type Volume = PersistentVolume

const writeVolume = (volume: Volume, subresource?: 'status'): Steps<Answer<'PersistentVolume'>> => replace(volume, subresource)
const writeClaim = (claim: Claim, subresource?: 'status'): Steps<Answer<'PersistentVolumeClaim'>> => replace(claim, subresource)

// ---- the four writes of a binding

/** Follows updateBindVolumeToClaim and GetBindVolumeToClaim. Left: the volume could not be taken. */
function* bindVolumeToClaim(volume: Volume, claim: Claim): Steps<E.Either<unknown, Volume>> {
  const reference = volume.spec.claimRef
  const reserved = reference !== undefined && isReservedFor(volume, claim)
  if (reserved && reference.uid === claim.metadata.uid) return E.right(volume)
  const { namespace, name, uid, resourceVersion } = claim.metadata
  return yield* writeVolume({
    ...volume,
    metadata: reserved
      ? volume.metadata
      : { ...volume.metadata, annotations: { ...volume.metadata.annotations, [boundByController]: 'yes' } },
    spec: {
      ...volume.spec,
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        ...(namespace === undefined ? undefined : { namespace }),
        name,
        uid,
        resourceVersion,
      },
    },
  })
}

/** Follows updateVolumePhase: no write when the phase is there already. */
function* writeVolumePhase(
  volume: Volume,
  phase: NonNullable<Volume['status']['phase']>,
  now: SimTime,
  message = '',
): Steps<Volume | undefined> {
  if (volume.status.phase === phase) return volume
  const { message: _, ...status } = volume.status
  const written = yield* writeVolume(
    { ...volume, status: { ...status, phase, ...(message === '' ? undefined : { message }), lastPhaseTransitionTime: timestampOf(now) } },
    'status',
  )
  return E.isRight(written) ? written.right : undefined
}

/** Follows bindClaimToVolume. */
function* bindClaimToVolume(claim: Claim, volume: Volume): Steps<Claim | undefined> {
  const chosenByUs = claim.spec.volumeName !== volume.metadata.name
  if (!chosenByUs && isBindCompleted(claim)) return claim
  const written = yield* writeClaim({
    ...claim,
    metadata: {
      ...claim.metadata,
      annotations: { ...claim.metadata.annotations, [bindCompleted]: 'yes', ...(chosenByUs ? { [boundByController]: 'yes' } : undefined) },
    },
    spec: extended(claim.spec, { volumeName: volume.metadata.name }),
  })
  return E.isRight(written) ? written.right : undefined
}

const sameList = (left: readonly string[] = [], right: readonly string[] = []): boolean =>
  left.length === right.length && left.every((item, index) => item === right[index])

/** Follows updateClaimStatus: the capacity is taken over only when the phase changes, since a file system may lag behind its disk. */
function* writeClaimPhase(
  claim: Claim,
  phase: NonNullable<Claim['status']['phase']>,
  volume: Volume | undefined,
): Steps<Claim | undefined> {
  const changesPhase = claim.status.phase !== phase
  const { accessModes, capacity, ...others } = claim.status
  const storage = volume?.spec.capacity?.['storage']
  if (volume === undefined) {
    if (!changesPhase && accessModes === undefined && capacity === undefined) return claim
  } else if (!changesPhase && sameList(accessModes, volume.spec.accessModes)) return claim
  const status: Claim['status'] = {
    ...others,
    phase,
    ...(volume === undefined
      ? undefined
      : {
          ...(volume.spec.accessModes === undefined ? undefined : { accessModes: volume.spec.accessModes }),
          ...(changesPhase && storage !== undefined
            ? { capacity: { ...capacity, storage } }
            : capacity === undefined
              ? undefined
              : { capacity }),
        }),
  }
  const written = yield* writeClaim({ ...claim, status }, 'status')
  return E.isRight(written) ? written.right : undefined
}

/** The four writes, in this order; a crash between them is healed by a later sync. Follows bind. False when the volume was taken meanwhile. */
function* bind(volume: Volume, claim: Claim, now: SimTime): Steps<boolean> {
  const reserved = yield* bindVolumeToClaim(volume, claim)
  if (E.isLeft(reserved)) return false
  const boundVolume = yield* writeVolumePhase(reserved.right, 'Bound', now)
  if (boundVolume === undefined) return true
  const boundClaim = yield* bindClaimToVolume(claim, boundVolume)
  if (boundClaim === undefined) return true
  yield* writeClaimPhase(boundClaim, 'Bound', boundVolume)
  return true
}

// ---- a claim that is not bound

/** Follows emitEventForUnboundDelayBindingClaim. */
function* tellWhomItWaitsFor(claim: Claim, { reader, memory }: PlanContext): Steps<Waiting> {
  // The first look comes within a millisecond of the claim's creation: Pods that are made right after it are not known yet.
  const isFirstLook = memory === undefined
  const names = reader
    .podsWithClaim(claim.metadata.namespace ?? '', claim.metadata.name)
    .filter((pod) => !isTerminal(pod) && (pod.spec.nodeName ?? '') === '')
    .filter((pod) => !isFirstLook || Number(pod.metadata.resourceVersion) < Number(claim.metadata.resourceVersion))
    .map((pod) => pod.metadata.name)
  const [reason, message] =
    names.length === 0
      ? ['WaitForFirstConsumer', 'waiting for first consumer to be created before binding']
      : ['WaitForPodScheduled', `waiting for pod${names.length > 1 ? 's' : ''} ${names.join(',')} to be scheduled`]
  yield* report(claim, { type: 'Normal', reason, message })
  return { kind: reason, on: claim.metadata.name, because: message }
}

/** Asks for a volume. Follows provisionClaim, findProvisionablePlugin and provisionClaimOperationExternal. */
function* provision(claim: Claim, reader: Reader): Steps<Waiting> {
  const className = classOfClaim(claim)
  const fail = function* (message: string): Steps<Waiting> {
    yield* report(claim, { type: 'Warning', reason: 'ProvisioningFailed', message })
    return { kind: 'ProvisioningFailed', on: claim.metadata.name, because: message }
  }
  const storageClass = reader.get('StorageClass', '', className)
  if (storageClass === undefined) return yield* fail(`storageclass.storage.k8s.io "${className}" not found`)
  const migrated = migratedProvisioners.get(storageClass.provisioner)
  if (migrated === undefined && storageClass.provisioner.startsWith('kubernetes.io/')) {
    return yield* fail(`no volume plugin matched name: ${storageClass.provisioner}`)
  }
  const provisioner = migrated ?? storageClass.provisioner
  const annotations = claim.metadata.annotations
  let current = claim
  if (annotations?.[storageProvisioner] !== provisioner || annotations[betaStorageProvisioner] !== provisioner) {
    const written = yield* writeClaim({
      ...claim,
      metadata: {
        ...claim.metadata,
        annotations: { ...annotations, [betaStorageProvisioner]: provisioner, [storageProvisioner]: provisioner },
      },
    })
    // Not tried again at once: the claim's next event or the next resync does it.
    if (E.isLeft(written)) return yield* fail(`Error saving claim: ${written.left.message}`)
    current = written.right
  }
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
  yield* report(current, { type: 'Normal', reason: 'ExternalProvisioning', message })
  return { kind: 'ExternalProvisioning', on: claim.metadata.name, because: message }
}

/** Why a volume that the user named cannot serve the claim. Follows checkVolumeSatisfyClaim; the selector and the node are not looked at. */
const mismatch = (volume: Volume, claim: Claim): string | undefined => {
  if (volume.metadata.deletionTimestamp !== undefined) return `the volume is marked for deletion "${volume.metadata.name}"`
  if (compareQuantities(capacityOf(volume), requestOf(claim)) < 0) return 'requested PV is too small'
  if (classOfVolume(volume) !== classOfClaim(claim)) return 'storageClassName does not match'
  if ((volume.spec.volumeAttributesClassName ?? '') !== (claim.spec.volumeAttributesClassName ?? ''))
    return 'volumeAttributesClassName does not match'
  if (volumeModesDiffer(volume, claim)) return 'incompatible volumeMode'
  if (!offersAllModes(volume, claim)) return 'incompatible accessMode'
  return undefined
}

const bound: readonly Waiting[] = []

/** From the first look at a claim to its binding: 12 to 30 ms in the recordings. */
const bindingMs = 16

const hasLooked = (memory: Json | undefined): boolean => isJsonObject(memory) && memory['looked'] === true

/** The claim names no volume: look for one, or ask for one. */
function* findVolume(claim: Claim, context: PlanContext): Steps<readonly Waiting[]> {
  const { reader, now } = context
  const delayed = waitsForConsumer(claim, reader)
  const taken = new Set<string>()
  for (;;) {
    const volume = findVolumeFor(reader, claim, { delayed, excluded: taken })
    if (volume === undefined) break
    // The four writes of a binding take their time; here they are made together at its end.
    if (volume.spec.claimRef === undefined && !hasLooked(context.memory))
      return [{ kind: 'Binding', on: claim.metadata.name, because: `volume ${volume.metadata.name} is being bound` }]
    if (yield* bind(volume, claim, now)) return bound
    // Kubernetes keeps what it has written in its cache; here a volume that another claim has just taken shows itself by the refused write.
    taken.add(volume.metadata.name)
  }
  if (!saysItsClass(claim)) {
    const fallback = defaultClass(reader)
    if (fallback !== undefined) {
      // Follows assignDefaultStorageClass: the sync ends here and begins anew with the update.
      yield* writeClaim({ ...claim, spec: { ...claim.spec, storageClassName: fallback.metadata.name } })
      return [{ kind: 'DefaultClassAssigned', on: claim.metadata.name, because: `class ${fallback.metadata.name} is the default` }]
    }
  }
  if (delayed && !hasSelectedNode(claim)) {
    const waiting = yield* tellWhomItWaitsFor(claim, context)
    yield* writeClaimPhase(claim, 'Pending', undefined)
    return [waiting]
  }
  if (classOfClaim(claim) !== '') return [yield* provision(claim, reader)]
  const message = 'no persistent volumes available for this claim and no storage class is set'
  yield* report(claim, { type: 'Normal', reason: 'FailedBinding', message })
  yield* writeClaimPhase(claim, 'Pending', undefined)
  return [{ kind: 'FailedBinding', on: claim.metadata.name, because: message }]
}

/** The user asked for this very volume. */
function* takeNamedVolume(claim: Claim, volumeName: string, { reader, now }: PlanContext): Steps<readonly Waiting[]> {
  const volume = reader.get('PersistentVolume', '', volumeName)
  const wait = function* (because: string, reason?: string): Steps<readonly Waiting[]> {
    if (reason !== undefined) yield* report(claim, { type: 'Warning', reason, message: because })
    yield* writeClaimPhase(claim, 'Pending', undefined)
    return [{ kind: reason ?? 'VolumeMissing', on: claim.metadata.name, because }]
  }
  if (volume === undefined) return yield* wait(`volume "${volumeName}" does not exist`)
  if (volume.spec.claimRef === undefined) {
    const why = mismatch(volume, claim)
    if (why !== undefined) return yield* wait(`Cannot bind to requested volume "${volumeName}": ${why}`, 'VolumeMismatch')
  } else if (!isReservedFor(volume, claim)) {
    return yield* wait(`volume "${volumeName}" already bound to a different claim.`, 'FailedBinding')
  }
  yield* bind(volume, claim, now)
  return bound
}

// ---- a bound claim

/** Follows updateClaimStatusWithEvent: only the change of the phase is told. */
function* lose(claim: Claim, reason: string, message: string): Steps<void> {
  if (claim.status.phase === 'Lost') return
  const written = yield* writeClaimPhase(claim, 'Lost', undefined)
  if (written !== undefined) yield* report(written, { type: 'Warning', reason, message })
}

/** Follows syncBoundClaim. */
function* syncBoundClaim(claim: Claim, { reader, now }: PlanContext): Steps<void> {
  const volumeName = claim.spec.volumeName ?? ''
  if (volumeName === '') {
    yield* lose(claim, 'ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
    return
  }
  const volume = reader.get('PersistentVolume', '', volumeName)
  if (volume === undefined) {
    yield* lose(claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
    return
  }
  const owner = volume.spec.claimRef?.uid
  if (volume.spec.claimRef === undefined || owner === claim.metadata.uid) yield* bind(volume, claim, now)
  else yield* lose(claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
}

// ---- expansion

/**
 * Follows pkg/controller/volume/expand: a claim that asks for more than it has is left to the driver's resizer, and told so.
 */
function* syncExpansion(claim: Claim, reader: Reader): Steps<void> {
  const volume = reader.get('PersistentVolume', '', claim.spec.volumeName ?? '')
  if (volume === undefined || claim.status.phase !== 'Bound') return
  const has = claim.status.capacity?.['storage']
  if (has === undefined || compareQuantities(requestOf(claim), capacityOf(volume)) <= 0) return
  yield* report(
    claim,
    { type: 'Normal', reason: 'ExternalExpanding', message: 'waiting for an external controller to expand this PVC' },
    'volume_expand',
  )
}

function* planClaim(context: PlanContext, key: string): Plan {
  const { namespace, name } = splitKey(key)
  const claim = context.reader.get('PersistentVolumeClaim', namespace, name)
  if (claim === undefined) return { memory: null }
  if (isBindCompleted(claim)) {
    yield* syncBoundClaim(claim, context)
    // A write that failed is made good by the next resync.
    return claim.status.phase === 'Bound' ? { memory: null } : { memory: null, requeueAfterMs: untilResync(context.now) }
  }
  const volumeName = claim.spec.volumeName ?? ''
  const waitingFor = volumeName === '' ? yield* findVolume(claim, context) : yield* takeNamedVolume(claim, volumeName, context)
  // Bound, or a write failed on the way: the next resync sees which.
  if (waitingFor.length === 0) return { memory: null, requeueAfterMs: untilResync(context.now) }
  const isBinding = waitingFor[0]?.kind === 'Binding'
  return {
    waitingFor: isBinding ? [] : waitingFor,
    requeueAfterMs: isBinding ? bindingMs : untilResync(context.now),
    memory: { looked: true },
  }
}

// ---- volumes

/** Who the volume is for exists no more, or never did. Follows the claim search in syncVolume: what the cache does not know is asked for. */
function* claimOfVolume(volume: Volume, reader: Reader): Steps<Claim | undefined> {
  const { namespace = '', name = '', uid } = volume.spec.claimRef ?? {}
  const cached = reader.get('PersistentVolumeClaim', namespace, name)
  if (cached?.metadata.uid === uid) return cached
  if (cached === undefined && (volume.status.phase === 'Released' || volume.status.phase === 'Failed')) return undefined
  const live = yield* getLive('PersistentVolumeClaim', namespace, name)
  return E.isRight(live) && live.right.metadata.uid === uid ? live.right : undefined
}

const retryLater = (volume: Volume, now: SimTime, because: string): PlanOutcome => ({
  requeueAfterMs: untilResync(now),
  waitingFor: [{ kind: 'VolumeReclaim', on: volume.metadata.name, because }],
})

function* failVolume(volume: Volume, reason: string, message: string, now: SimTime): Steps<void> {
  const written = yield* writeVolumePhase(volume, 'Failed', now, message)
  yield* report(written ?? volume, { type: 'Warning', reason, message })
}

/** Follows unbindVolume: a reservation by the user keeps its name, only the uid goes. */
function* unbind(volume: Volume, now: SimTime): Steps<void> {
  const { claimRef, ...spec } = volume.spec
  const { [boundByController]: ours, ...annotations } = volume.metadata.annotations ?? {}
  const { uid: _, ...reservation } = claimRef ?? {}
  const written = yield* writeVolume(
    ours === undefined
      ? { ...volume, spec: { ...spec, claimRef: reservation } }
      : { ...volume, metadata: { ...volume.metadata, annotations }, spec },
  )
  if (E.isRight(written)) yield* writeVolumePhase(written.right, 'Available', now)
}

/** The volume was made by somebody outside of this controller, who also deletes it. */
const isDeletedElsewhere = (volume: Volume): boolean => {
  const annotations = volume.metadata.annotations
  if (annotations?.[migratedTo] !== undefined) return true
  const by = annotations?.[provisionedBy]
  if (by !== undefined && (!by.startsWith('kubernetes.io/') || migratedProvisioners.has(by))) return true
  const { spec } = volume
  return spec.csi === undefined && spec.rbd === undefined && spec.iscsi === undefined && diskOf(volume) !== undefined
}

/** Follows reclaimVolume, recycleVolumeOperation and deleteVolumeOperation. */
function* reclaim(volume: Volume, { reader, now }: PlanContext): Plan {
  const name = volume.metadata.name
  if (volume.metadata.annotations?.[migratedTo] !== undefined) return {}
  switch (volume.spec.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return {}
    case 'Recycle': {
      if (volume.spec.nfs === undefined && volume.spec.hostPath === undefined) {
        yield* failVolume(volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!', now)
        return {}
      }
      const { namespace = '', name: claimName = '' } = volume.spec.claimRef ?? {}
      const users = reader.podsWithClaim(namespace, claimName).filter((pod) => !isTerminal(pod))
      if (users.length > 0) {
        const message = `Volume is used by pods: ${users.map((pod) => `${namespace}/${pod.metadata.name}`).join(',')}`
        yield* report(volume, { type: 'Normal', reason: 'VolumeFailedRecycle', message })
        return retryLater(volume, now, message)
      }
      // Differs from Kubernetes: no Pod recycler-for-… is run; the volume is emptied at once.
      const asset = assetOfVolume(volume, '')
      yield actOnWorld({ kind: 'AssetDeleted', asset })
      yield actOnWorld({ kind: 'AssetCreated', asset })
      yield* report(volume, { type: 'Normal', reason: 'VolumeRecycled', message: 'Volume recycled' })
      yield* unbind(volume, now)
      return {}
    }
    case 'Delete': {
      if (volume.metadata.deletionTimestamp !== undefined) return {}
      if (isDeletedElsewhere(volume)) return retryLater(volume, now, 'its provisioner deletes it')
      const path = volume.spec.hostPath?.path
      if (path !== undefined && path.startsWith('/tmp/')) {
        yield* remove(volume)
        return {}
      }
      const why =
        path === undefined
          ? `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched`
          : `host_path deleter only supports /tmp/.+ but received provided ${path}`
      yield* failVolume(volume, 'VolumeFailedDelete', why, now)
      return retryLater(volume, now, why)
    }
    default:
      yield* failVolume(volume, 'VolumeUnknownReclaimPolicy', 'Volume has unrecognized reclaim policy', now)
      return {}
  }
}

function* release(volume: Volume, context: PlanContext): Plan {
  const { phase } = volume.status
  const released = phase === 'Released' || phase === 'Failed' ? volume : yield* writeVolumePhase(volume, 'Released', context.now)
  return released === undefined ? { requeueAfterMs: untilResync(context.now) } : yield* reclaim(released, context)
}

/** Follows syncVolume. */
function* planVolume(context: PlanContext, name: string): Plan {
  const { reader, now } = context
  const volume = reader.get('PersistentVolume', '', name)
  if (volume === undefined) return {}
  const reference = volume.spec.claimRef
  if (reference === undefined || (reference.uid ?? '') === '') {
    yield* writeVolumePhase(volume, 'Available', now)
    return {}
  }
  const claim = yield* claimOfVolume(volume, reader)
  if (claim === undefined) return yield* release(volume, context)
  const chosen = claim.spec.volumeName ?? ''
  if (chosen === '') {
    if (!volumeModesDiffer(volume, claim)) return {} // The claim's key is woken together with this one.
    const message = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}" due to incompatible volumeMode.`
    yield* report(volume, { type: 'Warning', reason: 'VolumeMismatch', message })
    yield* report(claim, {
      type: 'Warning',
      reason: 'VolumeMismatch',
      message: `Cannot bind PersistentVolume "${name}" to requested PersistentVolumeClaim "${claim.metadata.name}" due to incompatible volumeMode.`,
    })
    return {}
  }
  if (chosen === name) {
    yield* writeVolumePhase(volume, 'Bound', now)
    return {}
  }
  if (volume.metadata.annotations?.[provisionedBy] !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete')
    return yield* release(volume, context)
  yield* unbind(volume, now)
  return {}
}

export const claimKey = (namespace: string, name: string): string => `claim ${namespace}/${name}`
export const volumeKey = (name: string): string => `volume ${name}`
export const expansionKey = (namespace: string, name: string): string => `expansion ${namespace}/${name}`

function* planExpansion(context: PlanContext, key: string): Plan {
  const { namespace, name } = splitKey(key)
  const claim = context.reader.get('PersistentVolumeClaim', namespace, name)
  if (claim !== undefined) yield* syncExpansion(claim, context.reader)
  return {}
}

export const planBinding = (context: PlanContext): Plan => {
  const blank = context.key.indexOf(' ')
  const rest = context.key.slice(blank + 1)
  switch (context.key.slice(0, blank)) {
    case 'claim':
      return planClaim(context, rest)
    case 'expansion':
      return planExpansion(context, rest)
    default:
      return planVolume(context, rest)
  }
}
