/** Wiring of the resizers: claims of drivers that ask for more than they have, or whose file system has just grown. */
import type { PersistentVolumeClaim } from '../../api/generated/types.js'
import { keyOfObject } from '../../api/object.js'
import { compareQuantities, quantityOf } from '../../api/quantity.js'
import { requestOf } from '../../resources/persistent-volume-claim/queries.js'
import type { Controller } from '../controller.js'
import { planResizing } from './plan.js'

const hasOf = (claim: PersistentVolumeClaim) => quantityOf(claim.status.capacity?.['storage'])

export const externalResizerController: Controller = {
  name: 'external-resizer',
  watches: {
    PersistentVolumeClaim: ({ type, object, old }) => {
      if (type === 'DELETED' || object.status.phase !== 'Bound') return []
      const wantsMore = compareQuantities(requestOf(object), hasOf(object)) > 0
      const hasGrown = old !== undefined && old.status.phase === 'Bound' && compareQuantities(hasOf(object), hasOf(old)) > 0
      return wantsMore || hasGrown ? [{ key: keyOfObject(object) }] : []
    },
  },
  plan: planResizing,
}
