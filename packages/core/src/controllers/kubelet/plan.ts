/** One look of a kubelet at one of its Pods, at a disk that has grown, or at its own Node. Keys: `node/namespace/name/uid`, `grow namespace/name`, `node`. */
import { rememberedText } from '../../kernel/remembered-text.js'
import { kubeletReachesApi, kubeletWorks, machineOf, processesOf, type KubeletProfile } from '../../cluster/world.js'
import type { Plan, PlanContext, PlanOutcome } from '../controller.js'
import { planNode } from './node-plan.js'
import { planRecordedPod } from './recorded-pod.js'
import { endOrphan } from './end-orphan.js'
import { isGrowthKey, planGrowth } from './grow-file-system.js'
import { syncPod } from './sync-pod.js'

/** Remembered of a Pod whose deletion happened while the kubelet was away: it finds processes without an object, and tells nobody. */
const missedDeletion = 'missed'

export const keyOfPod = (node: string, namespace: string, name: string, uid: string): string => `${node}/${namespace}/${name}/${uid}`

export const planKubelet = (profile: KubeletProfile, context: PlanContext): Plan =>
  !context.key.includes('/') ? planNode(context) : isGrowthKey(context.key) ? planGrowth(context) : planPod(profile, context)

interface PodKey {
  readonly node: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

const splitPodKey = rememberedText((key): PodKey => {
  const [node = '', namespace = '', name = '', uid = ''] = key.split('/')
  return { node, namespace, name, uid }
})

function* ended(outcome: PlanOutcome): Plan {
  return outcome
}

const planPod = (profile: KubeletProfile, context: PlanContext): Plan => {
  const { node, namespace, name, uid } = splitPodKey(context.key)
  const machine = machineOf(context.world, node)
  const pod = context.reader.get('Pod', namespace, name)
  const isGone = pod === undefined || pod.metadata.uid !== uid || pod.spec.nodeName !== node
  // Off or hung: nothing happens. Its Pods are looked at again when it is back.
  if (machine === undefined || !kubeletWorks(machine)) return ended(isGone ? { memory: missedDeletion } : {})
  const online = kubeletReachesApi(machine)
  if (isGone) {
    const processes = processesOf(context.world, uid)
    if (processes === undefined || processes.node !== node) return ended({ memory: null })
    // A kubelet that is cut off has not heard that the object is gone.
    if (!online) return ended({ memory: missedDeletion })
    return endOrphan(context, processes, context.memory !== missedDeletion)
  }
  if (profile === 'kubelet') return syncPod(context, pod, machine)
  return online ? planRecordedPod(context, pod, machine) : ended({})
}
