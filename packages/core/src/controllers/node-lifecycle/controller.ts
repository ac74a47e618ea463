/** Wiring of the node controller: nodes, their Pods, and the machines that fall silent. */
import type { Node } from '../../api/generated/types.js'
import { keyOfObject } from '../../api/object.js'
import { isNodeReady, nodeCondition } from '../../resources/node/queries.js'
import { isReady } from '../../resources/pod/queries.js'
import type { Controller, Wake } from '../controller.js'
import { awaitsEviction, evicts, hasRightTaints, makeNodeLifecyclePlan, type NodeLifecycleSettings } from './plan.js'
import { zoneOf } from './zones.js'

/** From the loss of a node to its first NoExecute taint: the pass of the eviction queue. */
const evictionPassMs = 40

/** From a change of a node to its NoSchedule taints, as in the recordings: the scheduler has seen a node that is uncordoned before its taint goes. */
const taintPassMs = 9

const monitor: Wake = { key: 'monitor' }

const wakesOfNode = (node: Node): readonly Wake[] => [
  ...(hasRightTaints(node) ? [] : [{ key: `taints ${node.metadata.name}`, afterMs: taintPassMs }]),
  ...(awaitsEviction(node) ? [{ key: `evictions ${zoneOf(node)}`, afterMs: evictionPassMs }] : []),
  ...((node.spec.taints ?? []).some(evicts) || nodeCondition(node, 'Ready') === undefined ? [monitor] : []),
]

export const makeNodeLifecycleController = (settings: NodeLifecycleSettings): Controller => ({
  name: 'node-controller',
  watches: {
    Node: ({ type, object, old }, reader) => {
      const { name, uid } = object.metadata
      switch (type) {
        case 'ADDED':
          return [{ key: `registered ${name} ${uid}` }, ...wakesOfNode(object)]
        case 'MODIFIED':
          // How one node fares changes what may be done to the others.
          return old !== undefined && isNodeReady(old) !== isNodeReady(object)
            ? [monitor, ...reader.list('Node').flatMap(wakesOfNode)]
            : wakesOfNode(object)
        case 'DELETED':
          return [{ key: `removed ${name} ${uid}`, afterMs: settings.nodeMonitorPeriodMs }]
      }
    },
    Pod: ({ type, object, old }, reader) => {
      const { nodeName = '' } = object.spec
      if (type === 'DELETED' || nodeName === '' || !isReady(object) || (old !== undefined && isReady(old))) return []
      const node = reader.get('Node', '', nodeName)
      return node === undefined || isNodeReady(node) ? [] : [{ key: `pod ${keyOfObject(object)}` }]
    },
  },
  worldWatch: (event) => {
    switch (event.kind) {
      case 'MachineAdded':
      case 'MachineRemoved':
      case 'NodeCrashed':
      case 'NodeRestarted':
      case 'NodePartitioned':
      case 'NodeReconnected':
      case 'KubeletHung':
      case 'KubeletResumed':
        return [monitor]
      default:
        return []
    }
  },
  plan: makeNodeLifecyclePlan(settings),
})
