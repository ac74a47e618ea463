/**
 * The resizers beside the storage drivers, all in one: make the disk behind a claim larger, and leave its file system to the kubelet. A key
 * is a claim. Follows pkg/controller/controller.go and expand_and_recover.go of kubernetes-csi/external-resizer.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import { compareQuantities, formatQuantity, integerValueOf, quantityFromInteger, quantityOf } from '../../api/quantity.js'
import { actOnWorld, storageBehaviour } from '../../cluster/world.js'
import { preResizeCapacity, resizeStatusOf, withGrowth, type Growth } from '../claim-growth.js'
import { requestOf } from '../../resources/persistent-volume-claim/queries.js'
import { assetOfVolume, capacityOf, diskOf, migratedTo, provisionedBy } from '../../resources/persistent-volume/queries.js'
import type { Plan, PlanContext } from '../controller.js'
import { replace, report, type Report } from '../requests.js'
import type { Steps } from '../steps.js'
import { memoryOf, retryMs, type Retry } from '../storage-call.js'

/** --retry-interval-start and --retry-interval-max. */
const retry: Retry = { firstMs: 1_000, maxMs: 300_000 }

const gibibyte = 1_073_741_824

/** The driver whose resizer serves the volume; provisioners of before the drivers bring none. */
const driverOf = (volume: PersistentVolume): string | undefined => volume.spec.csi?.driver ?? volume.metadata.annotations?.[migratedTo]

const tell = (claim: PersistentVolumeClaim, driver: string, told: Report): Steps<void> => report(claim, told, `external-resizer ${driver}`)

function* write(claim: PersistentVolumeClaim, growth: Growth, now: number): Steps<PersistentVolumeClaim | undefined> {
  const written = yield* replace<'PersistentVolumeClaim'>(withGrowth(claim, growth, now), 'status')
  return E.isRight(written) ? written.right : undefined
}

/** Disks come in whole Gi. */
const sizeToMake = (claim: PersistentVolumeClaim, volume: PersistentVolume): string => {
  const asked = requestOf(claim)
  if (diskOf(volume) === undefined) return formatQuantity(asked)
  return formatQuantity(quantityFromInteger(Math.ceil(integerValueOf(asked) / gibibyte) * gibibyte, 'BinarySI'))
}

/** Follows deletePreResizeCapAnnotation: the kubelet is done. */
function* forgetOldSize(claim: PersistentVolumeClaim, volume: PersistentVolume): Steps<void> {
  const { [preResizeCapacity]: before, ...annotations } = volume.metadata.annotations ?? {}
  if (before === undefined || resizeStatusOf(claim) !== undefined) return
  if (compareQuantities(quantityOf(claim.status.capacity?.['storage']), capacityOf(volume)) < 0) return
  yield* replace<'PersistentVolume'>({ ...volume, metadata: { ...volume.metadata, annotations } })
}

function* fail(claim: PersistentVolumeClaim, volume: PersistentVolume, driver: string, why: string, context: PlanContext): Plan {
  const failures = memoryOf(context.memory).failures + 1
  const condition = { type: 'ControllerResizeError', status: 'True', message: `failed to expand pvc with ${why}` } as const
  yield* write(claim, { resizeStatus: 'ControllerResizeInProgress', condition, keepsOtherConditions: true }, context.now)
  const message = `resize volume "${volume.metadata.name}" by resizer "${driver}" failed: ${why}`
  yield* tell(claim, driver, { type: 'Warning', reason: 'VolumeResizeFailed', message })
  return {
    memory: { failures },
    requeueAfterMs: retryMs(retry, failures),
    waitingFor: [{ kind: 'VolumeResizeFailed', on: claim.metadata.name, because: message }],
  }
}

export function* planResizing(context: PlanContext): Plan {
  const { reader, now, world } = context
  const { namespace, name } = splitKey(context.key)
  const claim = reader.get('PersistentVolumeClaim', namespace, name)
  const volume = reader.get('PersistentVolume', '', claim?.spec.volumeName ?? '')
  if (claim === undefined || volume === undefined || volume.spec.claimRef?.uid !== claim.metadata.uid) return { memory: null }
  const driver = driverOf(volume)
  if (driver === undefined || volume.metadata.annotations?.[provisionedBy] === undefined) return { memory: null }
  yield* forgetOldSize(claim, volume)
  const had = claim.status.capacity?.['storage'] ?? '0'
  const isDone = compareQuantities(requestOf(claim), quantityOf(had)) <= 0
  const begun = resizeStatusOf(claim)
  // What is on a node is the kubelet's.
  if (isDone || begun === 'NodeResizePending' || begun === 'NodeResizeInProgress') return { memory: null }
  const memory = memoryOf(context.memory)
  const allocated = formatQuantity(requestOf(claim))
  const isMarked = begun !== undefined && claim.status.allocatedResources?.['storage'] === allocated
  const marked = isMarked
    ? claim
    : yield* write(
        claim,
        {
          resizeStatus: 'ControllerResizeInProgress',
          condition: { type: 'Resizing', status: 'True' },
          keepsOtherConditions: true,
          allocated,
        },
        now,
      )
  // Somebody wrote in between: the next notification comes with that version.
  if (marked === undefined) return {}
  if (memory.since === undefined)
    yield* tell(marked, driver, {
      type: 'Normal',
      reason: 'Resizing',
      message: `External resizer is resizing volume ${volume.metadata.name}`,
    })
  const names = [driver, volume.spec.storageClassName ?? '']
  const failing = storageBehaviour(world, 'ProvisionerFailing', names)
  if (failing !== undefined)
    return yield* fail(
      marked,
      volume,
      driver,
      failing.message ?? 'rpc error: code = Internal desc = the storage backend does not answer',
      context,
    )
  const since = memory.since ?? now
  const readyAt = since + world.settings.latencies.provisionMs + (storageBehaviour(world, 'ProvisionerDelayed', names)?.byMs ?? 0)
  if (now < readyAt)
    return {
      memory: { failures: memory.failures, since },
      requeueAfterMs: readyAt - now,
      waitingFor: [{ kind: 'Resizing', on: name, because: `${driver} is making the volume larger` }],
    }
  return yield* finish(marked, volume, driver, had, context)
}

/** Follows callResizeOnPlugin after a success. */
function* finish(claim: PersistentVolumeClaim, volume: PersistentVolume, driver: string, had: string, { now }: PlanContext): Plan {
  const size = sizeToMake(claim, volume)
  // A share grows on its server; a disk with a file system on it needs the node too.
  const needsNode = diskOf(volume) !== undefined && volume.spec.volumeMode !== 'Block'
  const { annotations = {} } = volume.metadata
  const grown: PersistentVolume = {
    ...volume,
    metadata: { ...volume.metadata, annotations: needsNode ? { [preResizeCapacity]: had, ...annotations } : annotations },
    spec: { ...volume.spec, capacity: { ...volume.spec.capacity, storage: size } },
  }
  const written = yield* replace<'PersistentVolume'>(grown)
  if (E.isLeft(written)) return { error: written.left }
  if (needsNode) {
    const message = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.'
    yield* write(claim, { resizeStatus: 'NodeResizePending', condition: { type: 'FileSystemResizePending', status: 'True', message } }, now)
    yield* tell(claim, driver, {
      type: 'Normal',
      reason: 'FileSystemResizeRequired',
      message: 'Require file system resize of volume on node',
    })
    return { memory: null }
  }
  yield actOnWorld({ kind: 'AssetGrown', asset: assetOfVolume(volume, ''), capacityBytes: integerValueOf(quantityOf(size)) })
  yield* write(claim, { resizeStatus: undefined, capacity: size }, now)
  yield* tell(claim, driver, { type: 'Normal', reason: 'VolumeResizeSuccessful', message: 'Resize volume succeeded' })
  return { memory: null }
}
