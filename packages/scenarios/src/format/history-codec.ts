/**
 * A random history as plain data: a small cluster, the sets in it, and deeds of people and of bad luck. Deeds name what they act on by position
 * and mean something only in the moment they are done, so that any part of a history can be left out or joined to another.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import type { Json } from '@statefold/core'
import { about, listOf, objectOf, oneOf, wholeNumber, yesOrNo } from './codec.js'

/** What may be done, in groups: a history leaves some groups out, so that the others meet more often. */
export const deedGroups = {
  scaling: ['scale'],
  rollout: ['set-image', 'annotate', 'set-partition', 'set-strategy'],
  deletion: ['delete-pod', 'delete-claim', 'relabel-pod'],
  force: ['force-delete-pod'],
  life: ['delete-set', 'create-set'],
  policy: ['set-retention', 'set-budget'],
  nodes: ['cordon', 'drain'],
  machines: ['node-power', 'node-network', 'kubelet'],
  containers: ['crash-container', 'crash-loop', 'fail-probe', 'slow-start', 'break-image'],
  storage: ['break-provisioner', 'delay-provisioner', 'stick-attach', 'stick-detach'],
  controllers: ['controller'],
  caches: ['lag'],
  answers: ['answer'],
} as const

export type DeedGroup = keyof typeof deedGroups
export type DeedKind = (typeof deedGroups)[DeedGroup][number]

const allDeedKinds: readonly DeedKind[] = Object.values(deedGroups).flat()
export const allDeedGroups = Object.keys(deedGroups) as readonly DeedGroup[]

/** Groups of what people do; the others are faults. */
export const commandGroups: readonly DeedGroup[] = ['scaling', 'rollout', 'deletion', 'force', 'life', 'policy', 'nodes']
export const faultGroups: readonly DeedGroup[] = ['machines', 'containers', 'storage', 'controllers', 'caches', 'answers']

const deed = objectOf(
  'deed',
  {
    do: oneOf(...allDeedKinds),
    which: about('which of the things there are then, counted round', wholeNumber(0, 1_000_000)),
    how: about(
      'how: a number of replicas, an image, a kind of answer. Counted round where it names one of several',
      wholeNumber(0, 1_000_000),
    ),
  },
  {
    after: about('milliseconds that pass first', wholeNumber(0, 86_400_000)),
  },
)

const clusterShape = objectOf(
  'cluster',
  {
    nodes: wholeNumber(1, 16),
    pace: about(
      '`quick`: everything takes no or little time. `usual`: as a cluster does. `pulls`: images have to be pulled, slowly',
      oneOf('quick', 'usual', 'pulls'),
    ),
    room: about('`scarce`: a node has room for two Pods', oneOf('ample', 'scarce')),
    maxUnavailable: about('with the feature gate MaxUnavailableStatefulSet', yesOrNo),
    chance: about('the seed of all that is chance inside the cluster', wholeNumber(0, 4_294_967_295)),
  },
  {},
)

const policy = oneOf('Retain', 'Delete')

const setShape = objectOf(
  'set',
  {
    replicas: wholeNumber(0, 1_000),
    management: oneOf('OrderedReady', 'Parallel'),
    strategy: oneOf('RollingUpdate', 'OnDelete'),
    partition: wholeNumber(0, 1_000),
    start: wholeNumber(0, 1_000),
    minReadySeconds: wholeNumber(0, 1_000),
    revisionHistoryLimit: wholeNumber(0, 100),
    claims: oneOf('none', 'immediate', 'waiting'),
    whenDeleted: policy,
    whenScaled: policy,
    probed: about('with a readiness probe', yesOrNo),
    grace: about('terminationGracePeriodSeconds', wholeNumber(0, 1_000)),
    budget: about('`available`: minAvailable 2. `unavailable`: maxUnavailable 1', oneOf('none', 'available', 'unavailable')),
  },
  {
    maxUnavailable: about('counts where the cluster has the feature gate', wholeNumber(1, 1_000)),
  },
)

const fuzzHistory = objectOf(
  'history',
  { deeds: listOf(deed) },
  {
    cluster: about('absent: the cluster and the sets of the scenario that is searched', clusterShape),
    sets: listOf(setShape),
  },
)

export type Deed = t.TypeOf<typeof deed>
export type ClusterShape = t.TypeOf<typeof clusterShape>
export type SetShape = t.TypeOf<typeof setShape>
export type FuzzHistory = t.TypeOf<typeof fuzzHistory>

/** One line of JSON; `historyFrom` reads it back. */
export const historyText = (history: FuzzHistory): string => `${JSON.stringify(fuzzHistory.encode(history))}\n`

export const historyFrom = (text: string): E.Either<string, FuzzHistory> => {
  let parsed: Json
  try {
    // JSON.parse makes plain JSON.
    parsed = JSON.parse(text) as Json
  } catch (error) {
    return E.left(error instanceof Error ? error.message : 'it is not JSON')
  }
  const decoded = fuzzHistory.decode(parsed)
  return E.isLeft(decoded) ? E.left(`it is not a history: ${decoded.left[0]?.message ?? 'a field is wrong'}`) : decoded
}
