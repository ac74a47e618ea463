/** Wiring of the volume binder: claims and volumes wake themselves and each other. */
import type { PersistentVolume } from '../../api/generated/types.js'
import { keyOfObject } from '../../api/object.js'
import { compareQuantities } from '../../api/quantity.js'
import type { Reader } from '../../cluster/reader.js'
import { requestOf } from '../../resources/persistent-volume-claim/queries.js'
import type { Controller, Wake } from '../controller.js'
import { claimKey, expansionKey, planBinding, volumeKey } from './plan.js'

/** The claim that the volume is reserved for, if it has not chosen yet. Follows the end of syncVolume, which queues the claim. */
const unsettledClaimOf = (volume: PersistentVolume, reader: Reader): readonly Wake[] => {
  const { namespace = '', name = '', uid = '' } = volume.spec.claimRef ?? {}
  if (uid === '') return []
  const claim = reader.get('PersistentVolumeClaim', namespace, name)
  return claim?.metadata.uid === uid && (claim.spec.volumeName ?? '') === '' ? [{ key: claimKey(namespace, name) }] : []
}

export const volumeBinderController: Controller = {
  name: 'persistentvolume-controller',
  latencyMs: 2,
  watches: {
    PersistentVolumeClaim: ({ type, object, old }) => {
      const key = keyOfObject(object)
      const { volumeName = '' } = object.spec
      if (type === 'DELETED') return volumeName === '' ? [] : [{ key: volumeKey(volumeName) }]
      const grows = old !== undefined && volumeName !== '' && compareQuantities(requestOf(object), requestOf(old)) > 0
      return grows
        ? [{ key: `claim ${key}` }, { key: expansionKey(object.metadata.namespace ?? '', object.metadata.name) }]
        : [{ key: `claim ${key}` }]
    },
    PersistentVolume: ({ type, object }, reader) => {
      if (type !== 'DELETED') return [{ key: volumeKey(object.metadata.name) }, ...unsettledClaimOf(object, reader)]
      const { namespace = '', name = '' } = object.spec.claimRef ?? {}
      return name === '' ? [] : [{ key: claimKey(namespace, name) }]
    },
  },
  plan: planBinding,
}
