/** Keeps a volume that is being deleted while it is bound. Follows pkg/controller/volume/pvprotection/pv_protection_controller.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { PersistentVolume } from '../../api/generated/types.js'
import type { Plan, PlanContext } from '../controller.js'
import { isNotFound, replace } from '../requests.js'

const volumeProtection = 'kubernetes.io/pv-protection'

export const volumeNeedsFinalizer = ({ metadata }: PersistentVolume): boolean =>
  metadata.deletionTimestamp === undefined && metadata.finalizers?.includes(volumeProtection) !== true

export const volumeMayLose = ({ metadata }: PersistentVolume): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(volumeProtection) === true

export function* planVolumeProtection({ key, reader }: PlanContext): Plan {
  const volume = reader.get('PersistentVolume', '', key)
  if (volume === undefined) return {}
  const { finalizers = [] } = volume.metadata
  let next: readonly string[]
  if (volumeMayLose(volume)) {
    if (volume.status.phase === 'Bound')
      return { waitingFor: [{ kind: 'VolumeBound', on: key, because: `bound to ${volume.spec.claimRef?.name ?? ''}` }] }
    next = finalizers.filter((finalizer) => finalizer !== volumeProtection)
  } else if (volumeNeedsFinalizer(volume)) next = [...finalizers, volumeProtection]
  else return {}
  const written = yield* replace<'PersistentVolume'>({ ...volume, metadata: { ...volume.metadata, finalizers: next } })
  return E.isLeft(written) && !isNotFound(written) ? { error: written.left } : {}
}
