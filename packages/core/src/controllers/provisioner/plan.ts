/**
 * The external provisioners, all in one: makes volumes for claims that the volume binder has handed out, and deletes what is released. Keys:
 * `claim NAMESPACE/NAME` and `volume NAME`. Follows controller/controller.go of kubernetes-sigs/sig-storage-lib-external-provisioner, and the
 * external-provisioner of kubernetes-csi where a CSI driver is meant.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import { formatQuantity, integerValueOf, quantityFromInteger, quantityOf } from '../../api/quantity.js'
import type { Reader } from '../../cluster/reader.js'
import { actOnWorld, storageBehaviour, type World } from '../../cluster/world.js'
import { drawUid } from '../../cluster/draws.js'
import { getAt } from '../../kernel/persistent-map.js'
import { assetOfVolume, migratedTo, provisionedBy, selectedNode } from '../../resources/persistent-volume/queries.js'
import { classOfClaim, requestOf } from '../../resources/persistent-volume-claim/queries.js'
import type { Plan, PlanContext, Waiting } from '../controller.js'
import { create, remove, replace, report } from '../requests.js'
import type { Steps } from '../steps.js'
import { memoryOf, retryMs, type Retry } from '../storage-call.js'
import { backendOf, type Backend } from './backends.js'

const storageProvisioner = 'volume.kubernetes.io/storage-provisioner'
const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner'
const driverFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer'

/** Retries of a failed call: the library's, and the CSI sidecar's. */
const libraryRetry = { firstMs: 15_000, maxMs: 1_000_000 }
const driverRetry = { firstMs: 1_000, maxMs: 300_000 }
const retryOf = ({ isDriver }: Backend): Retry => (isDriver ? driverRetry : libraryRetry)

const volumeNameOf = (claim: PersistentVolumeClaim): string => `pvc-${claim.metadata.uid}`

/** `example.com/nfs_HOST_UUID`: the identity that the provisioner's process took when it started. */
const componentOf = (provisioner: string, choose: PlanContext['choose']): string =>
  `${provisioner}_provisioner_${drawUid(choose, `provisioner ${provisioner}`)}`

const behaviourNames = (storageClass: StorageClass): readonly string[] => [storageClass.provisioner, storageClass.metadata.name]

const storedClass = (claim: PersistentVolumeClaim, reader: Reader): StorageClass | undefined =>
  reader.get('StorageClass', '', classOfClaim(claim))

/** Follows shouldProvision. */
export const wantsVolume = (claim: PersistentVolumeClaim, reader: Reader): boolean => {
  if ((claim.spec.volumeName ?? '') !== '' || (claim.metadata.deletionTimestamp !== undefined && claim.status.phase !== 'Pending'))
    return false
  const { annotations } = claim.metadata
  if (annotations?.[storageProvisioner] === undefined && annotations?.[betaStorageProvisioner] === undefined) return false
  const storageClass = storedClass(claim, reader)
  if (storageClass === undefined) return false
  return storageClass.volumeBindingMode !== 'WaitForFirstConsumer' || annotations[selectedNode] !== undefined
}

const gibibyte = 1_073_741_824

const sizeOf = (claim: PersistentVolumeClaim, backend: Backend): string => {
  const requested = requestOf(claim)
  if (backend.wholeGibibytes !== true) return formatQuantity(requested)
  return formatQuantity(quantityFromInteger(Math.max(1, Math.ceil(integerValueOf(requested) / gibibyte)) * gibibyte, 'BinarySI'))
}

/** Follows provisionClaimOperation: the volume comes with its claim written on it. */
const volumeFor = (claim: PersistentVolumeClaim, storageClass: StorageClass, backend: Backend, reader: Reader): PersistentVolume => {
  const { namespace = '', name, uid, resourceVersion } = claim.metadata
  const node = reader.get('Node', '', claim.metadata.annotations?.[selectedNode] ?? '')
  const volumeName = volumeNameOf(claim)
  const provisioner = claim.metadata.annotations?.[storageProvisioner] ?? storageClass.provisioner
  const policy = storageClass.reclaimPolicy ?? 'Delete'
  const migrated = provisioner !== storageClass.provisioner
  const made: Omit<PersistentVolume, 'metadata' | 'status'> & { readonly metadata: object } = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName,
      annotations: {
        [provisionedBy]: migrated ? storageClass.provisioner : provisioner,
        ...(migrated ? { [migratedTo]: provisioner } : undefined),
      },
      ...(backend.isDriver && policy === 'Delete' ? { finalizers: [driverFinalizer] } : undefined),
    },
    spec: {
      ...(claim.spec.accessModes === undefined ? undefined : { accessModes: claim.spec.accessModes }),
      capacity: { storage: sizeOf(claim, backend) },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      ...backend.sourceOf({ claim, storageClass, volumeName, node }),
      ...(storageClass.mountOptions === undefined ? undefined : { mountOptions: storageClass.mountOptions }),
      persistentVolumeReclaimPolicy: policy,
      storageClassName: storageClass.metadata.name,
      volumeMode: claim.spec.volumeMode ?? 'Filesystem',
    },
  }
  // The API server adds the rest of the metadata and the status.
  return made as PersistentVolume
}

/** The bytes of a volume: folders on nodes are named after the node they were made on. */
const assetOf = (volume: PersistentVolume, world: World, reader: Reader): string | undefined => {
  if (volume.spec.hostPath === undefined && volume.spec.local === undefined) return assetOfVolume(volume, '')
  const value = volume.spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0]
  const node = reader.list('Node').find(({ metadata }) => metadata.labels?.['kubernetes.io/hostname'] === value || metadata.name === value)
  const asset = assetOfVolume(volume, node?.metadata.name ?? '')
  return value === undefined && getAt(world.assets, asset) === undefined ? undefined : asset
}

function* fail(claim: PersistentVolumeClaim, storageClass: StorageClass, backend: Backend, message: string, context: PlanContext): Plan {
  const failures = memoryOf(context.memory).failures + 1
  const text = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${message}`
  yield* report(
    claim,
    { type: 'Warning', reason: 'ProvisioningFailed', message: text },
    componentOf(storageClass.provisioner, context.choose),
  )
  return {
    memory: { failures },
    requeueAfterMs: retryMs(retryOf(backend), failures),
    waitingFor: [{ kind: 'ProvisioningFailed', on: claim.metadata.name, because: text }],
  }
}

function* planClaim(context: PlanContext, key: string): Plan {
  const { reader, now, world, choose } = context
  const { namespace, name } = splitKey(key)
  const claim = reader.get('PersistentVolumeClaim', namespace, name)
  if (claim === undefined || !wantsVolume(claim, reader)) return { memory: null }
  const storageClass = storedClass(claim, reader)
  const backend = storageClass === undefined ? undefined : backendOf(storageClass.provisioner)
  if (storageClass === undefined || backend === undefined) {
    const waiting: Waiting = {
      kind: 'ProvisionerMissing',
      on: name,
      because: `no provisioner ${storageClass?.provisioner ?? ''} is running`,
    }
    return { memory: null, waitingFor: [waiting] }
  }
  if (reader.get('PersistentVolume', '', volumeNameOf(claim)) !== undefined) return { memory: null }
  const memory = memoryOf(context.memory)
  const component = componentOf(claim.metadata.annotations?.[storageProvisioner] ?? storageClass.provisioner, choose)
  if (memory.since === undefined)
    yield* report(
      claim,
      { type: 'Normal', reason: 'Provisioning', message: `External provisioner is provisioning volume for claim "${key}"` },
      component,
    )
  const since = memory.since ?? now
  const failing = storageBehaviour(world, 'ProvisionerFailing', behaviourNames(storageClass))
  if (failing !== undefined)
    return yield* fail(
      claim,
      storageClass,
      backend,
      failing.message ?? 'rpc error: code = Internal desc = the storage backend does not answer',
      context,
    )
  const readyAt =
    since + world.settings.latencies.provisionMs + (storageBehaviour(world, 'ProvisionerDelayed', behaviourNames(storageClass))?.byMs ?? 0)
  if (now < readyAt)
    return {
      memory: { failures: memory.failures, since },
      requeueAfterMs: readyAt - now,
      waitingFor: [{ kind: 'Provisioning', on: name, because: `${storageClass.provisioner} is making the volume` }],
    }
  if (backend.needsNode === true && claim.metadata.annotations?.[selectedNode] === undefined)
    return yield* fail(claim, storageClass, backend, 'configuration error, no node was specified', context)
  return yield* make(claim, storageClass, backend, component, context)
}

function* make(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  backend: Backend,
  component: string,
  { reader, world }: PlanContext,
): Plan {
  const volume = volumeFor(claim, storageClass, backend, reader)
  const asset = assetOf(volume, world, reader)
  if (asset !== undefined && getAt(world.assets, asset) === undefined)
    yield actOnWorld({ kind: 'AssetCreated', asset, capacityBytes: integerValueOf(quantityOf(volume.spec.capacity?.['storage'])) })
  const made = yield* create<'PersistentVolume'>(volume)
  if (E.isLeft(made) && made.left.reason !== 'AlreadyExists') return { memory: null, requeueAfterMs: 10_000 }
  yield* report(
    claim,
    { type: 'Normal', reason: 'ProvisioningSucceeded', message: `Successfully provisioned volume ${volume.metadata.name}` },
    component,
  )
  return { memory: null }
}

// ---- released volumes

/** Follows shouldDelete. */
export const isToBeDeleted = (volume: PersistentVolume): boolean => {
  const { annotations, finalizers = [], deletionTimestamp } = volume.metadata
  const by = annotations?.[provisionedBy]
  if (by === undefined || volume.spec.persistentVolumeReclaimPolicy !== 'Delete') return false
  const backend = backendOf(by)
  if (backend === undefined) return false
  if (volume.status.phase !== 'Released') return false
  return backend.isDriver ? finalizers.includes(driverFinalizer) || deletionTimestamp === undefined : deletionTimestamp === undefined
}

function* planVolume(context: PlanContext, name: string): Plan {
  const { reader, world, choose } = context
  const volume = reader.get('PersistentVolume', '', name)
  if (volume === undefined || !isToBeDeleted(volume)) return { memory: null }
  const provisioner = volume.metadata.annotations?.[provisionedBy] ?? ''
  const failing = storageBehaviour(world, 'ProvisionerFailing', [provisioner, volume.spec.storageClassName ?? ''])
  if (failing !== undefined) {
    const failures = memoryOf(context.memory).failures + 1
    const message = failing.message ?? 'rpc error: code = Internal desc = the storage backend does not answer'
    yield* report(volume, { type: 'Warning', reason: 'VolumeFailedDelete', message }, componentOf(provisioner, choose))
    const backend = backendOf(provisioner)
    return {
      memory: { failures },
      requeueAfterMs: backend === undefined ? 15_000 : retryMs(retryOf(backend), failures),
      waitingFor: [{ kind: 'VolumeFailedDelete', on: name, because: message }],
    }
  }
  const asset = assetOf(volume, world, reader)
  if (asset !== undefined && getAt(world.assets, asset) !== undefined) yield actOnWorld({ kind: 'AssetDeleted', asset })
  yield* deleteVolume(volume)
  return { memory: null }
}

/** The driver's finalizer is taken off after the deletion is asked for, so that the object goes when the protection lets it. */
function* deleteVolume(volume: PersistentVolume): Steps<void> {
  const { finalizers = [] } = volume.metadata
  let latest = volume
  if (volume.metadata.deletionTimestamp === undefined) {
    const deleted = yield* remove(volume)
    // What is deleted is the volume that the command named.
    if (E.isRight(deleted)) latest = deleted.right as PersistentVolume
  }
  if (finalizers.includes(driverFinalizer)) {
    const freed: PersistentVolume = {
      ...latest,
      metadata: { ...latest.metadata, finalizers: (latest.metadata.finalizers ?? []).filter((finalizer) => finalizer !== driverFinalizer) },
    }
    yield* replace<'PersistentVolume'>(freed)
  }
}

export const planProvisioning = (context: PlanContext): Plan => {
  const blank = context.key.indexOf(' ')
  const rest = context.key.slice(blank + 1)
  return context.key.slice(0, blank) === 'claim' ? planClaim(context, rest) : planVolume(context, rest)
}
