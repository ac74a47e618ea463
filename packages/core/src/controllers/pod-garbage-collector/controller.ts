/** Wiring of the Pod garbage collector: only what may concern it wakes a key. */
import type { Node, Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { isTerminal } from '../../resources/pod/queries.js'
import type { Controller, Wake, WatchNotification } from '../controller.js'
import { isOutOfService, isStranded, nodeKeyOf, planPodGarbageCollection, podKeyOf, terminatedKey } from './plan.js'

const none: readonly Wake[] = []

const concernsOfPod = ({ type, object: pod, old }: WatchNotification<Pod>, reader: Reader): readonly Wake[] => {
  if (type === 'DELETED') return none
  const { nodeName = '' } = pod.spec
  const isNewOnNode = nodeName !== '' && old?.spec.nodeName !== nodeName
  let wakes: Wake[] | undefined
  if (isNewOnNode && reader.get('Node', '', nodeName) === undefined) (wakes ??= []).push({ key: nodeKeyOf(nodeName) })
  if (isStranded(pod, reader)) (wakes ??= []).push({ key: podKeyOf(pod) })
  if (isTerminal(pod) && (old === undefined || !isTerminal(old))) (wakes ??= []).push({ key: terminatedKey })
  return wakes ?? none
}

const concernsOfNode = ({ type, object: node }: WatchNotification<Node>, reader: Reader): readonly Wake[] => {
  const { name } = node.metadata
  if (type === 'DELETED') return [{ key: nodeKeyOf(name) }]
  if (!isOutOfService(node)) return []
  return reader
    .podsOnNode(name)
    .filter((pod) => isStranded(pod, reader))
    .map((pod) => ({ key: podKeyOf(pod) }))
}

export const podGarbageCollectorController: Controller = {
  name: 'pod-garbage-collector-controller',
  watches: { Pod: concernsOfPod, Node: concernsOfNode },
  plan: planPodGarbageCollection,
  start: (reader) =>
    [...new Set(reader.list('Pod').map(({ spec }) => spec.nodeName ?? ''))]
      .filter((nodeName) => nodeName !== '')
      .map((nodeName) => ({ key: nodeKeyOf(nodeName) })),
}
