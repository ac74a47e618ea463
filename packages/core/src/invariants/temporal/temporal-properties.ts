/** The temporal properties that one look at a paused run can judge, in reading order. */
import type { KubernetesObject } from '../../api/object.js'
import { controllerRefOf, keyOf, keyOfObject } from '../../api/object.js'
import { isNamespaced } from '../../api/resources.js'
import { selectorMatches } from '../../api/label-selector.js'
import type { Pod, PodDisruptionBudget, StatefulSet } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { readerOf, storeOf, type ClusterState } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import { entriesOf, forEachEntry } from '../../kernel/persistent-map.js'
import { isNodeReady, nodeCondition, tolerates, unreachableTaint, notReadyTaint } from '../../resources/node/queries.js'
import {
  isAvailable,
  isReady,
  isRunningAndReady,
  isTerminal,
  isTerminating,
  ordinalOf,
  parentAndOrdinalOf,
} from '../../resources/pod/queries.js'
import { isWanted, partitionOf, replicasOf, revisionLabelOf, startOf } from '../observed-change.js'
import type { TurnSide } from '../observed-turn.js'
import type { Owed, TemporalProperty } from './temporal-property.js'

const second = 1_000
const minute = 60 * second

const nameOf = (object: KubernetesObject): string => `${object.kind} ${keyOfObject(object)}`
const owe = (object: KubernetesObject, message: string, because?: string): Owed => ({ of: nameOf(object), message, about: object, because })

const living = <T extends KubernetesObject>(objects: readonly T[]): readonly T[] =>
  objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined)

const setsIn = ({ cluster }: TurnSide): readonly StatefulSet[] => living(readerOf(cluster).list('StatefulSet'))

/** Of a set that misses more Pods than this, only so many are told: it may ask for two thousand million. */
const missingMax = 20

const podsOf = (set: StatefulSet, reader: Reader): readonly Pod[] =>
  reader.ownedBy('Pod', set.metadata.uid).filter((pod) => controllerRefOf(pod)?.uid === set.metadata.uid)

/** What blocks a set may be another Pod than the one that is missed: the set's own cause tells. */
const stateMatches: TemporalProperty = {
  name: 'eventually/stateful-sets-match',
  promise: 'While what is wanted stays the same, every wanted Pod and every claim of a StatefulSet comes to exist.',
  expectation: 'eventually',
  withinMs: 20 * minute,
  owed: (side) => {
    const reader = readerOf(side.cluster)
    return setsIn(side).flatMap((set) => {
      const namespace = set.metadata.namespace ?? ''
      const found: Owed[] = []
      for (let ordinal = startOf(set); ordinal < startOf(set) + replicasOf(set) && found.length < missingMax; ordinal += 1) {
        const podName = `${set.metadata.name}-${ordinal}`
        const pod = reader.get('Pod', namespace, podName)
        if (pod === undefined) found.push(owe(set, `${podName} does not exist`))
        else if (controllerRefOf(pod)?.uid !== set.metadata.uid) found.push(owe(set, `${podName} is not a Pod of the set`))
        // A Pod that runs does not need its claim any more; the claim returns with the next Pod.
        else if (!isReady(pod))
          for (const { metadata } of set.spec.volumeClaimTemplates ?? []) {
            const claim = `${metadata?.name ?? ''}-${podName}`
            if (reader.get('PersistentVolumeClaim', namespace, claim) === undefined) found.push(owe(pod, `claim ${claim} does not exist`))
          }
      }
      return found
    })
  },
}

const scaleUpEndsReady: TemporalProperty = {
  name: 'eventually/scale-up-ends-ready',
  promise: 'Every wanted Pod of a StatefulSet that exists becomes Running and Ready.',
  expectation: 'eventually',
  withinMs: 20 * minute,
  owed: (side) =>
    setsIn(side).flatMap((set) =>
      podsOf(set, readerOf(side.cluster))
        .filter((pod) => isWanted(set, ordinalOf(pod)) && !isTerminating(pod) && !isRunningAndReady(pod))
        .map((pod) => owe(pod, `${pod.metadata.name} is ${pod.status.phase ?? 'without a phase'} and not Ready`)),
    ),
}

const scaleDownEndsGone: TemporalProperty = {
  name: 'eventually/scale-down-ends-gone',
  promise: 'Pods outside the range of ordinals go.',
  expectation: 'eventually',
  withinMs: 20 * minute,
  owed: (side) =>
    setsIn(side).flatMap((set) =>
      podsOf(set, readerOf(side.cluster))
        .filter((pod) => !isWanted(set, ordinalOf(pod)))
        .map((pod) => ({
          ...owe(isTerminating(pod) ? pod : set, `${pod.metadata.name} exists; expected ${replicasOf(set)} replicas from ${startOf(set)}`),
        })),
    ),
}

const isToUpdate = (set: StatefulSet): boolean => set.spec.updateStrategy?.type !== 'OnDelete'

const outdatedPods = (set: StatefulSet, reader: Reader): readonly Pod[] =>
  isToUpdate(set)
    ? podsOf(set, reader).filter(
        (pod) =>
          isWanted(set, ordinalOf(pod)) &&
          ordinalOf(pod) - startOf(set) >= partitionOf(set) &&
          revisionLabelOf(pod) !== set.status.updateRevision,
      )
    : []

const rolloutsComplete: TemporalProperty = {
  name: 'eventually/rollouts-complete',
  promise: 'A rollout in which every new Pod becomes available reaches every Pod from the partition on.',
  expectation: 'eventually',
  withinMs: 30 * minute,
  owed: (side) =>
    setsIn(side).flatMap((set) =>
      outdatedPods(set, readerOf(side.cluster)).map((pod) =>
        owe(set, `${pod.metadata.name} has an old template; expected that of the set`),
      ),
    ),
}

/** Follows kubernetes issue 67250: what blocks a rollout is a Pod of the set that is not available; a healthy set never stands still. */
const onlyBrokenPodsStopRollouts: TemporalProperty = {
  name: 'eventually/only-broken-pods-stop-rollouts',
  promise:
    'A rollout stands still only while a Pod of the set is missing, unavailable or terminating; the way on is to delete the broken Pod.',
  expectation: 'eventually',
  withinMs: 30 * minute,
  owed: ({ cluster, now }) => {
    const reader = readerOf(cluster)
    return living(reader.list('StatefulSet')).flatMap((set) => {
      const outdated = outdatedPods(set, reader)
      if (outdated.length === 0) return []
      const healthy = podsOf(set, reader).filter(
        (pod) => isWanted(set, ordinalOf(pod)) && !isTerminating(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, now),
      )
      return healthy.length < replicasOf(set)
        ? []
        : [
            {
              of: nameOf(set),
              message: `${outdated.map(({ metadata }) => metadata.name).join(', ')} kept an old template although every Pod is available`,
            },
          ]
    })
  },
}

const staysThough = (pod: Pod, key: string): boolean =>
  pod.spec.tolerations?.some(
    (toleration) => tolerates(toleration, { key, effect: 'NoExecute' }) && toleration.tolerationSeconds === undefined,
  ) === true

const lostNodesAreLeft: TemporalProperty = {
  name: 'eventually/lost-nodes-are-left',
  promise:
    'The Pods of a node that stays silent are told to go; their objects stay, Terminating, until somebody knows that they have ended.',
  expectation: 'eventually',
  withinMs: 10 * minute,
  owed: ({ cluster }) => {
    const reader = readerOf(cluster)
    return reader.list('Node').flatMap((node) => {
      if (isNodeReady(node)) return []
      const key = nodeCondition(node, 'Ready')?.status === 'Unknown' ? unreachableTaint : notReadyTaint
      return reader
        .podsOnNode(node.metadata.name)
        .filter((pod) => !isTerminating(pod) && !isTerminal(pod) && !staysThough(pod, key))
        .map((pod): Owed => ({
          of: nameOf(pod),
          message: `${pod.metadata.name} is on ${node.metadata.name}, which is lost; expected it to be told to go`,
        }))
    })
  },
}

const forEachObject = (cluster: ClusterState, visit: (object: KubernetesObject) => void): void => {
  for (const [kind, store] of entriesOf(cluster.stores)) if (kind !== 'Event') forEachEntry(store.objects, (_key, object) => visit(object))
}

const heldWords = ({ metadata: { finalizers = [] } }: KubernetesObject): string | undefined =>
  finalizers.length === 0 ? undefined : `it is held by ${finalizers.join(', ')}`

const deletionsEnd: TemporalProperty = {
  name: 'eventually/deletions-end',
  promise: 'What is being deleted goes, and so do those whose owners are all gone; who was orphaned names no owner.',
  expectation: 'eventually',
  withinMs: 20 * minute,
  owed: ({ cluster }) => {
    const found: Owed[] = []
    forEachObject(cluster, (object) => {
      const { deletionTimestamp, ownerReferences = [], namespace = '', name } = object.metadata
      if (deletionTimestamp !== undefined) {
        // A protected claim or volume waits for its users for as long as they like; a foreground deletion for those that it blocks.
        const isUsed = object.metadata.finalizers?.some((finalizer) => finalizer.endsWith('-protection')) === true
        const because = object.kind === 'Pod' || isUsed ? undefined : heldWords(object)
        if (!isUsed || !hasUser(object, cluster)) found.push(owe(object, `${name} is to be deleted; expected it to be gone`, because))
      } else if (
        ownerReferences.length > 0 &&
        ownerReferences.every(
          (owner) =>
            findObject(storeOf(cluster, owner.kind), keyOf(isNamespaced(owner.kind) ? namespace : '', owner.name))?.metadata.uid !==
            owner.uid,
        )
      )
        found.push(owe(object, `${name} has outlived its owner ${ownerReferences[0]?.name ?? ''}; expected it to be collected`))
    })
    return found.sort((left, right) => (left.of < right.of ? -1 : left.of > right.of ? 1 : 0))
  },
}

/** A Pod of a claim; a claim of a volume. */
const hasUser = ({ kind, metadata: { namespace = '', name } }: KubernetesObject, cluster: ClusterState): boolean => {
  const reader = readerOf(cluster)
  if (kind === 'PersistentVolumeClaim') return reader.podsWithClaim(namespace, name).length > 0
  const claim = reader.get('PersistentVolume', '', name)?.spec.claimRef
  return claim !== undefined && reader.get('PersistentVolumeClaim', claim.namespace ?? '', claim.name ?? '')?.metadata.uid === claim.uid
}

const retentionIsApplied: TemporalProperty = {
  name: 'eventually/retention-is-applied',
  promise:
    'The claims of a StatefulSet come to be tied to its life with whenDeleted: Delete, and free of it with Retain; with whenScaled: Delete those of ordinals out of range go.',
  expectation: 'eventually',
  withinMs: 20 * minute,
  owed: (side) => {
    const reader = readerOf(side.cluster)
    return setsIn(side).flatMap((set) => {
      const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
      const prefixes = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => `${metadata?.name ?? ''}-${set.metadata.name}-`)
      if (prefixes.length === 0) return []
      return living(reader.list('PersistentVolumeClaim', set.metadata.namespace ?? '')).flatMap((claim): readonly Owed[] => {
        const prefix = prefixes.find((each) => claim.metadata.name.startsWith(each))
        if (prefix === undefined) return []
        const ordinal = parentAndOrdinalOf(claim.metadata.name).ordinal
        const pod = reader.get('Pod', set.metadata.namespace ?? '', `${set.metadata.name}-${ordinal}`)
        // Only while a Pod of the ordinal exists does a sync look at the claim.
        if (pod === undefined || ordinal < 0 || !isWanted(set, ordinal) || controllerRefOf(pod)?.uid !== set.metadata.uid) return []
        const tied = claim.metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid) === true
        const goesWithPod = claim.metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid) === true
        if (goesWithPod)
          return [owe(set, `claim ${claim.metadata.name} would go with ${pod.metadata.name}, which is wanted (whenScaled: ${whenScaled})`)]
        return tied === (whenDeleted === 'Delete')
          ? []
          : [
              owe(
                set,
                `claim ${claim.metadata.name} is ${tied ? '' : 'not '}tied to the life of the set; expected whenDeleted: ${whenDeleted} to be applied`,
              ),
            ]
      })
    })
  },
}

const failuresEnd: TemporalProperty = {
  name: 'eventually/failures-end',
  promise: 'When calls do not go wrong any more, the key that failed is done after its back-off.',
  expectation: 'eventually',
  withinMs: 40 * minute,
  owed: ({ queues, cluster }) =>
    entriesOf(queues).flatMap(([controller, queue]) =>
      entriesOf(queue).flatMap(([key, { failures = 0 }]): readonly Owed[] =>
        failures === 0
          ? []
          : [
              {
                of: `${controller} ${key}`,
                message: `${controller} has failed ${failures} times in a row at ${key}`,
                about: findObject(storeOf(cluster, 'StatefulSet'), key) ?? findObject(storeOf(cluster, 'Pod'), key),
              },
            ],
      ),
    ),
}

const cachesCatchUp: TemporalProperty = {
  name: 'eventually/caches-catch-up',
  promise: 'Every notification on its way arrives: an informer hears of each write when its lag is over.',
  expectation: 'eventually',
  withinMs: 0,
  owed: ({ informers, now }) =>
    entriesOf(informers).flatMap(([informer, { underway }]): readonly Owed[] => {
      const late = underway.filter(({ dueAt }) => dueAt < now)
      return late.length === 0 ? [] : [{ of: informer, message: `${informer} has not heard of ${late.length} writes that were due` }]
    }),
}

const observedKinds = ['StatefulSet', 'Deployment', 'ReplicaSet', 'ReplicationController', 'DaemonSet', 'PodDisruptionBudget'] as const

const specsAreObserved: TemporalProperty = {
  name: 'eventually/specs-are-observed',
  promise: 'The observedGeneration of every workload reaches its generation.',
  expectation: 'eventually',
  withinMs: 5 * minute,
  owed: ({ cluster }) =>
    observedKinds.flatMap((kind) =>
      living<KubernetesObject & { readonly status?: { readonly observedGeneration?: number } }>(readerOf(cluster).list(kind)).flatMap(
        (object) => {
          const seen = object.status?.observedGeneration ?? 0
          const { generation = 0, name } = object.metadata
          return seen === generation ? [] : [owe(object, `${name} says observedGeneration ${seen}; expected ${generation}`)]
        },
      ),
    ),
}

const readyKeysGetTheirTurn: TemporalProperty = {
  name: 'eventually/ready-keys-get-their-turn',
  promise: 'A key that is ready is looked at, also after its controller was down for a while.',
  expectation: 'eventually',
  withinMs: 0,
  owed: ({ queues, cluster, now }) =>
    entriesOf(queues).flatMap(([controller, queue]) =>
      entriesOf(cluster.stopped).some(([name]) => name === controller)
        ? []
        : entriesOf(queue).flatMap(([key, { dueAt, delayedUntil }]): readonly Owed[] => {
            const due = Math.min(dueAt ?? Number.POSITIVE_INFINITY, delayedUntil ?? Number.POSITIVE_INFINITY)
            return due < now
              ? [{ of: `${controller} ${key}`, message: `${controller} was to look at ${key} at ${due} ms and has not` }]
              : []
          }),
    ),
}

const isHealthy = (pod: Pod): boolean => !isTerminating(pod) && isReady(pod)

const budgetsFollowTheirPods: TemporalProperty = {
  name: 'eventually/budgets-follow-their-pods',
  promise: 'A PodDisruptionBudget counts every healthy Pod there is, so that a drain goes on once there are enough.',
  expectation: 'eventually',
  withinMs: 5 * minute,
  owed: ({ cluster }) => {
    const reader = readerOf(cluster)
    return living(reader.list('PodDisruptionBudget')).flatMap((budget: PodDisruptionBudget): readonly Owed[] => {
      const pods = reader
        .list('Pod', budget.metadata.namespace ?? '')
        .filter((pod) => budget.spec.selector !== undefined && selectorMatches(budget.spec.selector, pod.metadata.labels))
      const healthy = pods.filter((pod) => isHealthy(pod) && !isTerminal(pod)).length
      const { currentHealthy = 0, desiredHealthy = 0, disruptionsAllowed = 0, expectedPods = 0 } = budget.status
      // Follows updatePod in pkg/controller/disruption/disruption.go: a Pod that loses the labels is looked up by those that it has now, so that the
      // budget does not hear of it, nor of its end, and counts it on. Where no controller expects any Pods, none may go (updatePdbStatus).
      const allowed = expectedPods <= 0 ? 0 : Math.max(0, healthy - desiredHealthy)
      if (currentHealthy >= healthy && (disruptionsAllowed >= allowed || pods.length === 0)) return []
      return [
        owe(
          budget,
          `${budget.metadata.name} counts ${currentHealthy} healthy Pods and allows ${disruptionsAllowed} disruptions; expected ${healthy} healthy, ${desiredHealthy} of them needed`,
        ),
      ]
    })
  },
}

export const temporalProperties: readonly TemporalProperty[] = [
  stateMatches,
  scaleUpEndsReady,
  scaleDownEndsGone,
  rolloutsComplete,
  onlyBrokenPodsStopRollouts,
  lostNodesAreLeft,
  deletionsEnd,
  retentionIsApplied,
  failuresEnd,
  cachesCatchUp,
  specsAreObserved,
  readyKeysGetTheirTurn,
  budgetsFollowTheirPods,
]
