/** Wiring of the volumes' protection. */
import { keyOfObject } from '../../api/object.js'
import type { Controller } from '../controller.js'
import { planVolumeProtection, volumeMayLose, volumeNeedsFinalizer } from './plan.js'

export const volumeProtectionController: Controller = {
  name: 'pv-protection-controller',
  watches: {
    PersistentVolume: ({ type, object }) =>
      type !== 'DELETED' && (volumeMayLose(object) || volumeNeedsFinalizer(object)) ? [{ key: keyOfObject(object) }] : [],
  },
  plan: planVolumeProtection,
}
