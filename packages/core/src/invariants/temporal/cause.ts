/**
 * What waits for what, as one sentence: `web waits for web-1, which waits for www-web-1, which waits for a volume of class fast; nothing provisions
 * that class`. Read off the objects, the machines and what the controllers say that they wait for; asked only when somebody wants to know.
 */
import type { Node, PersistentVolumeClaim, Pod, StatefulSet } from '../../api/generated/types.js'
import { controllerRefOf, keyOf, splitKey, type KubernetesObject } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import { readerOf, type ClusterState } from '../../cluster/state.js'
import type { Waiting } from '../../cluster/waiting.js'
import { machineOf } from '../../cluster/world.js'
import { entriesOf, keysOf } from '../../kernel/persistent-map.js'
import { isNodeReady } from '../../resources/node/queries.js'
import { claimNamesOf, isReady, isRunningAndReady, isTerminal, isTerminating } from '../../resources/pod/queries.js'
import { isOrdered, replicasOf, startOf } from '../observed-change.js'
import { limits } from '../../kernel/limits.js'

/** One step: what is waited for, and why nothing comes of it unless another object is to blame. */
interface Link {
  readonly on: string
  readonly next?: KubernetesObject
  /** What ends the chain. */
  readonly root?: string
}

interface Asked {
  readonly state: ClusterState
  readonly reader: Reader
}

/** What controllers wait for on account of that key: `default/web-1`, whatever stands before it. */
const waitingOn = (state: ClusterState, key: string): readonly (Waiting & { readonly controller: string })[] =>
  entriesOf(state.waiting).flatMap(([place, waiting]) => {
    const space = place.indexOf(' ')
    const about = place.slice(space + 1)
    return about === key || about.endsWith(` ${key}`) || about.endsWith(`:${key}`)
      ? waiting.map((each) => ({ ...each, controller: place.slice(0, space) }))
      : []
  })

const saidBy = (state: ClusterState, key: string, controller: string): string | undefined =>
  waitingOn(state, key).find((waiting) => waiting.controller === controller)?.because

/** A controller that was away when a Pod became Ready is not told when it becomes available. */
const linkToAvailability = ({ metadata: { namespace = '', name } }: StatefulSet, state: ClusterState): Link | undefined => {
  const early = waitingOn(state, keyOf(namespace, name)).find(({ kind }) => kind === 'PodNotAvailable')
  return early === undefined ? undefined : { on: `the availability of ${splitKey(early.on).name}`, root: early.because }
}

const linkOfSet = (set: StatefulSet, { state, reader }: Asked): Link | undefined => {
  const { namespace = '', name } = set.metadata
  const start = startOf(set)
  for (let ordinal = start; ordinal < start + Math.min(replicasOf(set), limits.replicasMax); ordinal += 1) {
    const pod = reader.get('Pod', namespace, `${name}-${ordinal}`)
    if (pod === undefined) {
      // No event of a claim wakes the controller: it may wait for one that is long gone.
      const missing = keyOf(namespace, `${name}-${ordinal}`)
      const stale = waitingOn(state, keyOf(namespace, name)).find(({ kind, on }) => kind === 'ClaimStale' && on === missing)
      if (stale !== undefined) return { on: `the claims of the former ${name}-${ordinal}`, root: stale.because }
      if (isOrdered(set)) return linkToAvailability(set, state)
      continue
    }
    const owner = controllerRefOf(pod)
    if (owner?.uid !== set.metadata.uid)
      return {
        on: `the name ${pod.metadata.name}`,
        root: `a Pod of ${owner?.name ?? 'nobody'} has it, and the set cannot create its own until that is gone`,
      }
    if (isTerminating(pod) || !isReady(pod)) return { on: pod.metadata.name, next: pod }
  }
  const condemned = reader.ownedBy('Pod', set.metadata.uid).find(isTerminating)
  if (condemned !== undefined) return { on: `the end of ${condemned.metadata.name}`, next: condemned }
  return linkToAvailability(set, state)
}

const silentNode = (name: string, { state, reader }: Asked): Link | undefined => {
  const node: Node | undefined = reader.get('Node', '', name)
  const machine = machineOf(state.world, name)
  const why =
    machine === undefined
      ? 'its machine is gone'
      : machine.power === 'off'
        ? 'its machine is off'
        : machine.network === 'partitioned'
          ? 'it is cut off from the control plane'
          : machine.kubelet === 'hung'
            ? 'its kubelet hangs'
            : undefined
  if (why === undefined && (node === undefined || isNodeReady(node))) return undefined
  return { on: `node ${name}`, root: why ?? 'its kubelet does not report' }
}

const containerTrouble = (pod: Pod): string | undefined => {
  for (const { name, state } of [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]) {
    const { reason = 'waiting', message = '' } = state?.waiting ?? { reason: undefined }
    if (state?.waiting !== undefined && reason !== 'PodInitializing' && reason !== 'ContainerCreating')
      return `container ${name}: ${reason}${message === '' ? '' : ` (${message})`}`
  }
  return undefined
}

const linkOfPod = (pod: Pod, asked: Asked): Link | undefined => {
  const { state, reader } = asked
  const { namespace = '', name } = pod.metadata
  const key = keyOf(namespace, name)
  const nodeName = pod.spec.nodeName ?? ''
  if (nodeName === '' && !isTerminating(pod)) {
    for (const claimName of claimNamesOf(pod)) {
      const claim = reader.get('PersistentVolumeClaim', namespace, claimName)
      if (claim === undefined) return { on: claimName, root: 'that claim does not exist' }
      const blocks = claim.status.phase !== 'Bound' && linkOfClaim(claim, asked)
      if (blocks !== false && blocks !== undefined) return { on: claimName, next: claim }
    }
    const because = saidBy(state, key, 'default-scheduler')
    return because === undefined ? undefined : { on: 'a node', root: because }
  }
  const silent = silentNode(nodeName, asked)
  if (silent !== undefined) return silent
  const held = waitingOn(state, key)[0]
  if (isTerminating(pod)) {
    if (held !== undefined) return { on: 'its end', root: held.because }
    const finalizers = pod.metadata.finalizers ?? []
    return finalizers.length === 0 ? undefined : { on: 'its end', root: `it is held by ${finalizers.join(', ')}` }
  }
  const trouble = containerTrouble(pod)
  if (trouble !== undefined) return { on: 'its containers', root: trouble }
  if (isTerminal(pod))
    return {
      on: 'a successor',
      root: `it has ended (${pod.status.phase ?? ''}${pod.status.reason === undefined ? '' : `: ${pod.status.reason}`})`,
    }
  if (held !== undefined) return { on: 'its containers', root: held.because }
  const unready = pod.status.containerStatuses?.find(({ ready }) => !ready)
  if (unready === undefined || isRunningAndReady(pod)) return undefined
  const failing = pod.spec.containers.find((container) => container.name === unready.name)?.readinessProbe !== undefined
  return { on: 'readiness', root: `container ${unready.name} ${failing ? 'does not pass its readiness probe' : 'is not ready'}` }
}

const noProvisioner = 'kubernetes.io/no-provisioner'

function linkOfClaim(claim: PersistentVolumeClaim, { state, reader }: Asked): Link | undefined {
  const { namespace = '', name, deletionTimestamp } = claim.metadata
  if (deletionTimestamp !== undefined) {
    const user = reader.podsWithClaim(namespace, name)[0]
    return user === undefined ? undefined : { on: `the end of ${user.metadata.name}`, root: `${user.metadata.name} still uses it` }
  }
  if (claim.status.phase === 'Bound') return undefined
  const className = claim.spec.storageClassName ?? ''
  const said = waitingOn(state, keyOf(namespace, name)).find(({ kind }) => kind !== 'ExternalProvisioning')
  if (className === '') return { on: 'a volume', root: said?.because ?? 'it has no class, and no volume fits' }
  const on = `a volume of class ${className}`
  const storageClass = reader.get('StorageClass', '', className)
  if (storageClass === undefined) return { on, root: 'that class does not exist' }
  if (storageClass.provisioner === noProvisioner) return { on, root: 'nothing provisions that class, and no volume of it fits' }
  if (said?.kind === 'ProvisionerMissing') return { on, root: `nothing provisions that class: ${said.because}` }
  // A class that waits for its first consumer waits for the Pod's node, not the other way round.
  if (said === undefined || said.kind === 'WaitForFirstConsumer' || said.kind === 'WaitForPodScheduled') return undefined
  return { on, root: said.because }
}

const linkOf = (object: KubernetesObject, asked: Asked): Link | undefined => {
  // The kind says which of the types it is.
  switch (object.kind) {
    case 'StatefulSet':
      return linkOfSet(object as KubernetesObject as StatefulSet, asked)
    case 'Pod':
      return linkOfPod(object as KubernetesObject as Pod, asked)
    case 'PersistentVolumeClaim':
      return linkOfClaim(object as KubernetesObject as PersistentVolumeClaim, asked)
    default:
      return undefined
  }
}

const stepsMax = 8

/** Undefined when neither the objects nor the controllers say why. */
export const causeOf = (state: ClusterState, object: KubernetesObject): string | undefined => {
  const asked = { state, reader: readerOf(state) }
  let words = object.metadata.name
  let at: KubernetesObject | undefined = object
  for (let count = 0; at !== undefined && count < stepsMax; count += 1) {
    const link: Link | undefined = linkOf(at, asked)
    if (link === undefined) return undefined
    words += `${count === 0 ? ' waits for ' : ', which waits for '}${link.on}`
    if (link.root !== undefined) return `${words}; ${link.root}`
    at = link.next
  }
  return undefined
}

/** What stands in the way of everything: controllers that do not run, caches that lag, calls that are going to fail. */
export const troublesOf = ({ stopped, informerLags, apiFaults }: ClusterState): readonly string[] => [
  ...keysOf(stopped).map((controller) => `${controller} has crashed and does not run`),
  ...entriesOf(informerLags).map(([informer, lag]) => `the cache of ${informer.replace(' ', ' for ')}s is ${lag} ms behind`),
  ...apiFaults.map(({ fault, times }) => `the next ${times} calls that match will fail (${fault})`),
]
