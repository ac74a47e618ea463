/** Wiring of the disruption controller: a budget and its Pods wake the budget. */
import { keyOfObject } from '../../api/object.js'
import type { Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { covers } from '../../resources/pod-disruption-budget/queries.js'
import type { Controller, Wake } from '../controller.js'
import { ownKey } from '../own-key.js'
import { planDisruption } from './plan.js'

// Follows getPdbForPod in pkg/controller/disruption/disruption.go: of several the first is taken.
const budgetOf = (pod: Pod, reader: Reader): readonly Wake[] => {
  const budget = reader.list('PodDisruptionBudget', pod.metadata.namespace ?? '').find((candidate) => covers(candidate, pod))
  return budget === undefined ? [] : [{ key: keyOfObject(budget) }]
}

export const disruptionController: Controller = {
  name: 'disruption',
  watches: {
    PodDisruptionBudget: (notification) => (notification.type === 'DELETED' ? [] : ownKey(notification)),
    Pod: ({ object }, reader) => budgetOf(object, reader),
  },
  plan: planDisruption,
}
