/**
 * Liveness, judged where a run stands: what the cluster still owes its users, and for each debt the chain of what waits for what. An empty
 * answer means that the desired state is reached.
 */
import type { Deployment, PersistentVolumeClaim, Pod, ReplicaSet, StatefulSet } from '../../api/generated/types.js'
import { controllerRefOf, keyOf, keyOfObject, splitKey } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import { readerOf, type ClusterState } from '../../cluster/state.js'
import { entriesOf } from '../../kernel/persistent-map.js'
import { isReady, isTerminal, isTerminating, ordinalOf } from '../../resources/pod/queries.js'
import { isWanted, partitionOf, replicasOf, revisionLabelOf, startOf } from '../observed-change.js'
import { limits } from '../../kernel/limits.js'

export interface Debt {
  /** `StatefulSet default/web` */
  readonly of: string
  /** One sentence: what is expected and what is found. */
  readonly message: string
  /** What waits for what, the debtor first: `default/web-1 is not Running and Ready (statefulset-controller)`. */
  readonly waitsFor: readonly string[]
}

/** Everything that is not as it should be; ordered by kind, then by key. */
export const debtsOf = (state: ClusterState): readonly Debt[] => {
  const reader = readerOf(state)
  return [
    ...reader.list('StatefulSet').flatMap((set) => debtsOfSet(set, reader)),
    ...reader.list('Deployment').flatMap(debtsOfDeployment),
    ...reader.list('ReplicaSet').flatMap(debtsOfReplicaSet),
    ...reader.list('Pod').flatMap(debtsOfPod),
    ...reader.list('PersistentVolumeClaim').flatMap((claim) => debtsOfClaim(claim, reader)),
  ].map(({ of, key, message, because }) => ({
    of,
    message,
    waitsFor: because === undefined ? chainFrom(state, key) : [because, ...chainFrom(state, key)],
  }))
}

interface Missing {
  readonly of: string
  readonly key: string
  readonly message: string
  /** Known without asking anybody. */
  readonly because?: string
}

const debtsOfSet = (set: StatefulSet, reader: Reader): readonly Missing[] => {
  const { namespace = '', name } = set.metadata
  const owe = (message: string): Missing => ({ of: `StatefulSet ${keyOf(namespace, name)}`, key: keyOf(namespace, name), message })
  if (set.metadata.deletionTimestamp !== undefined) return [owe(`${name} is to be deleted; expected it to be gone`)]
  const found: Missing[] = []
  const start = startOf(set)
  for (let ordinal = start; ordinal < start + replicasOf(set) && found.length < limits.debtsOfSetMax; ordinal += 1) {
    const pod = reader.get('Pod', namespace, `${name}-${ordinal}`)
    if (pod === undefined) found.push(owe(`${name}-${ordinal} does not exist`))
    else if (controllerRefOf(pod)?.uid !== set.metadata.uid)
      found.push({
        ...owe(`${name}-${ordinal} is a Pod that the set does not control; expected one of its own`),
        because: `the name ${name}-${ordinal} is taken by a Pod of ${controllerRefOf(pod)?.name ?? 'nobody'}: the set cannot create its own until that is gone`,
      })
    else if (isTerminating(pod)) found.push(owe(`${name}-${ordinal} is terminating; expected its successor`))
    else if (!isReady(pod)) found.push(owe(`${name}-${ordinal} is ${pod.status.phase ?? 'without a phase'}; expected it to be Ready`))
    else if (isOutdated(set, pod)) found.push(owe(`${name}-${ordinal} has an old template; expected that of the set`))
  }
  for (const pod of reader.ownedBy('Pod', set.metadata.uid))
    if (!isWanted(set, ordinalOf(pod))) found.push(owe(`${pod.metadata.name} exists; expected ${replicasOf(set)} replicas from ${start}`))
  const { observedGeneration = 0, replicas, readyReplicas = 0 } = set.status
  if (found.length === 0 && (observedGeneration !== set.metadata.generation || replicas !== replicasOf(set) || readyReplicas !== replicas))
    found.push(
      owe(
        `the status says ${readyReplicas} of ${replicas} ready at generation ${observedGeneration}; expected ${replicasOf(set)} at ${set.metadata.generation ?? 0}`,
      ),
    )
  return found
}

const isOutdated = (set: StatefulSet, pod: Pod): boolean =>
  set.spec.updateStrategy?.type !== 'OnDelete' &&
  ordinalOf(pod) - startOf(set) >= partitionOf(set) &&
  revisionLabelOf(pod) !== set.status.updateRevision

const debtsOfDeployment = ({ metadata, spec, status }: Deployment): readonly Missing[] => {
  if (spec.paused === true) return []
  const key = keyOf(metadata.namespace ?? '', metadata.name)
  const wanted = spec.replicas ?? 1
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration = 0 } = status
  return replicas === wanted && updatedReplicas === wanted && availableReplicas === wanted && observedGeneration === metadata.generation
    ? []
    : [
        {
          of: `Deployment ${key}`,
          key,
          message: `${metadata.name} has ${replicas} Pods, ${updatedReplicas} updated, ${availableReplicas} available; expected ${wanted} of each`,
        },
      ]
}

const debtsOfReplicaSet = ({ metadata, spec, status }: ReplicaSet): readonly Missing[] => {
  const key = keyOf(metadata.namespace ?? '', metadata.name)
  const wanted = spec.replicas ?? 1
  return (status.replicas ?? 0) === wanted && (status.readyReplicas ?? 0) === wanted
    ? []
    : [
        {
          of: `ReplicaSet ${key}`,
          key,
          message: `${metadata.name} has ${status.replicas ?? 0} Pods, ${status.readyReplicas ?? 0} ready; expected ${wanted}`,
        },
      ]
}

const debtsOfPod = (pod: Pod): readonly Missing[] => {
  const key = keyOfObject(pod)
  if (isTerminating(pod)) return [{ of: `Pod ${key}`, key, message: `${pod.metadata.name} is terminating; expected it to be gone` }]
  if ((pod.spec.nodeName ?? '') === '' && !isTerminal(pod)) return [{ of: `Pod ${key}`, key, message: `${pod.metadata.name} has no node` }]
  return []
}

const debtsOfClaim = (claim: PersistentVolumeClaim, reader: Reader): readonly Missing[] => {
  const key = keyOfObject(claim)
  const { namespace = '', name } = claim.metadata
  const users = reader.podsWithClaim(namespace, name)
  // A claim that is to go stays as long as somebody uses it: that is no debt.
  if (claim.metadata.deletionTimestamp !== undefined)
    return users.length > 0 ? [] : [{ of: `Claim ${key}`, key, message: `${name} is to be deleted; expected it to be gone` }]
  return claim.status.phase !== 'Bound' && users.length > 0 ? [{ of: `Claim ${key}`, key, message: `${name} has no volume` }] : []
}

const chainMax = 6

/** Follows what waits for what: a key's controller says what it waits for, and whoever works on that says what they wait for. */
const chainFrom = (state: ClusterState, key: string): readonly string[] => {
  const reader = readerOf(state)
  const chain: string[] = []
  const seen = new Set<string>([key])
  let subjects: readonly string[] = [key]
  for (let depth = 0; depth < chainMax && subjects.length > 0; depth += 1) {
    const next: string[] = []
    for (const [place, waiting] of entriesOf(state.waiting)) {
      const space = place.indexOf(' ')
      if (!subjects.some((subject) => isAbout(place.slice(space + 1), subject))) continue
      for (const { on, because } of waiting) {
        const line = `${because} (${place.slice(0, space)})`
        if (!chain.includes(line)) chain.push(line)
        if (!seen.has(on)) next.push(on)
        seen.add(on)
      }
    }
    for (const subject of subjects)
      for (const claim of claimsOf(subject, reader)) {
        if (!seen.has(claim)) next.push(claim)
        seen.add(claim)
      }
    subjects = next
  }
  return chain
}

/** A Pod without a node may wait for its claims. */
const claimsOf = (subject: string, reader: Reader): readonly string[] => {
  const { namespace, name } = splitKey(subject)
  const pod = reader.get('Pod', namespace, name)
  if (pod === undefined || (pod.spec.nodeName ?? '') !== '') return []
  return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim === undefined ? [] : [keyOf(namespace, persistentVolumeClaim.claimName)],
  )
}

/** Keys name their object in different ways: `default/web-1`, `web-1`, `claim default/www-web-1`. */
const isAbout = (key: string, subject: string): boolean =>
  key === subject || subject.endsWith(`/${key}`) || ['/', ':', ' '].some((before) => key.endsWith(before + subject))
