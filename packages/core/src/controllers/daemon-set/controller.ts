/** Wiring of the DaemonSet controller: sets, their Pods and histories, and nodes that change who fits. */
import type { ControllerRevision, DaemonSet, Node, Pod } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { keyOfObject, type KubernetesObject } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import type { Controller, Wake, WatchNotification } from '../controller.js'
import { wakesOfOwned } from '../owned-to-owners.js'
import { ownKey } from '../own-key.js'
import { fitnessOf } from './node-fitness.js'
import { planDaemonSet } from './plan.js'

const adopters = (owned: KubernetesObject, reader: Reader): readonly DaemonSet[] =>
  reader.list('DaemonSet', owned.metadata.namespace ?? '').filter(({ spec }) => selectorMatches(spec.selector, owned.metadata.labels))

// Follows addNode, updateNode and syncNodeUpdate in pkg/controller/daemon/daemon_controller.go.
const setsOfNode = ({ type, object: node, old }: WatchNotification<Node>, reader: Reader): readonly Wake[] => {
  // A heartbeat changes nothing that is asked about here.
  if (type === 'MODIFIED' && node.metadata.labels === old.metadata.labels && node.spec === old.spec) return []
  const isConcerned = (set: DaemonSet): boolean => {
    const now = fitnessOf(set, node)
    if (type !== 'MODIFIED') return now.shouldRun || type === 'DELETED'
    const before = fitnessOf(set, old)
    return now.shouldRun !== before.shouldRun || now.shouldContinueRunning !== before.shouldContinueRunning
  }
  return reader
    .list('DaemonSet')
    .filter(isConcerned)
    .map((set) => ({ key: keyOfObject(set) }))
}

export const daemonSetController: Controller = {
  name: 'daemonset-controller',
  watches: {
    DaemonSet: ownKey,
    Pod: wakesOfOwned<Pod>({ kind: 'DaemonSet', adopters }),
    ControllerRevision: wakesOfOwned<ControllerRevision>({ kind: 'DaemonSet', adopters }),
    Node: setsOfNode,
  },
  plan: planDaemonSet,
}
