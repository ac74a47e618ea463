/** How controllers change one condition of a Pod: a patch that leaves the others alone and says where a new one goes. */
import type { Pod, PodCondition } from '../api/generated/types.js'
import type { Json } from '../kernel/json.js'

/** The strategic merge patch that client-go reckons for it: what is new comes last. Follows PatchPodStatus in pkg/util/pod/pod.go. */
export const conditionPatch = (pod: Pod, condition: PodCondition): Json => {
  const types = (pod.status.conditions ?? []).map(({ type }) => type)
  const order = types.includes(condition.type) ? types : [...types, condition.type]
  return {
    status: {
      '$setElementOrder/conditions': order.map((type) => ({ type })),
      // A condition is plain JSON; its type is an interface, which TypeScript does not take for JSON.
      conditions: [condition as unknown as Json],
    },
  }
}
