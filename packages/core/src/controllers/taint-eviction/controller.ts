/** Wiring of the taint eviction: nodes whose NoExecute taints change, Pods that come to such a node. */
import type { Node } from '../../api/generated/types.js'
import { keyOfObject } from '../../api/object.js'
import type { Controller } from '../controller.js'
import { isEvicting, planTaintEviction } from './plan.js'

const evicting = (node: Node | undefined): string =>
  (node?.spec.taints ?? [])
    .filter(isEvicting)
    .map(({ key, value = '' }) => `${key}=${value}`)
    .join()

export const taintEvictionController: Controller = {
  name: 'taint-eviction-controller',
  watches: {
    Node: ({ type, object, old }, reader) =>
      type === 'DELETED' || evicting(object) === evicting(old)
        ? []
        : reader.podsOnNode(object.metadata.name).map((pod) => ({ key: keyOfObject(pod) })),
    Pod: ({ type, object, old }, reader) => {
      const { nodeName = '' } = object.spec
      if (nodeName === '' || (old !== undefined && old.spec === object.spec && type !== 'DELETED')) return []
      const node = reader.get('Node', '', nodeName)
      return node?.spec.taints?.some(isEvicting) === true ? [{ key: keyOfObject(object) }] : []
    },
  },
  plan: planTaintEviction,
}
