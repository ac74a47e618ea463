/** Wiring of the provisioners: claims that were handed out, volumes that were released. */
import { keyOfObject } from '../../api/object.js'
import type { Controller } from '../controller.js'
import { isToBeDeleted, planProvisioning, wantsVolume } from './plan.js'

export const provisionerController: Controller = {
  name: 'external-provisioner',
  // Several claims at once get their volumes 8 to 14 ms apart in the recordings.
  serialMs: 8,
  watches: {
    PersistentVolumeClaim: ({ type, object }, reader) =>
      type !== 'DELETED' && wantsVolume(object, reader) ? [{ key: `claim ${keyOfObject(object)}` }] : [],
    PersistentVolume: ({ type, object }) =>
      type !== 'DELETED' && isToBeDeleted(object) ? [{ key: `volume ${object.metadata.name}` }] : [],
  },
  plan: planProvisioning,
}
