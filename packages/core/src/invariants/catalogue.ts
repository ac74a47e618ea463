/**
 * The catalogue of what a cluster promises, by the short names that comments here use (`O1`, `U3`), with who checks it. Class U holds without any
 * condition; V holds in the view of the controller that acts; F holds of the store only while caches are fresh and nobody forces anything.
 */
export interface CataloguePromise {
  /** `O1` */
  readonly id: string
  readonly kind: 'U' | 'V' | 'F' | 'L'
  readonly promise: string
  /** Names of invariants and temporal properties. */
  readonly by: readonly string[]
  /** What else holds it, or why it does not apply here. */
  readonly besides?: string
}

const entry = (id: string, kind: CataloguePromise['kind'], promise: string, by: readonly string[], besides?: string): CataloguePromise => ({
  id,
  kind,
  promise,
  by,
  ...(besides === undefined ? undefined : { besides }),
})

const inOrder = 'caches/nothing-is-lost'
const neverBack = 'caches/caches-never-go-back'

export const catalogue: readonly CataloguePromise[] = [
  entry('A1', 'U', 'resourceVersions strictly increase and are never used again', ['api/resource-versions-increase']),
  entry('A2', 'U', 'a uid is unique and never changes', ['api/uids-are-for-ever']),
  entry('A3', 'U', 'a name that is taken cannot be given', ['api/names-are-taken-once']),
  entry('A4', 'U', 'a write with a stale resourceVersion or the wrong uid changes nothing', ['api/stale-writes-are-refused']),
  entry('A5', 'U', 'the generation grows exactly with the spec; status writes never touch the spec', [
    'api/generation-counts-spec-changes',
    'api/status-writes-keep-the-spec',
  ]),
  entry('A6', 'U', 'deletionTimestamp is never taken back', ['api/deletion-is-one-way']),
  entry('A7', 'U', 'finalizers block the removal', ['api/finalizers-hold-objects']),
  entry('A8', 'U', 'forbidden changes of a StatefulSet’s spec are refused', ['api/stateful-set-spec-is-mostly-fixed']),
  entry('A9', 'U', 'a write of what is there makes no event', ['api/writes-change-something']),
  entry('A10', 'U', 'the state is the fold of the log', [], 'no single event shows it: `statefold verify` folds and runs every log again'),
  entry(
    'A11',
    'U',
    'every event has an actor and a cause, and causes have no cycle',
    ['api/causes-come-first'],
    'findDisorder, over whole logs',
  ),
  entry('W1', 'U', 'a watch tells only of what it filters', [inOrder]),
  entry('W2', 'U', 'a watch tells in the order of the writes', [inOrder, neverBack]),
  entry('W3', 'U', 'a watch tells of each write once', [inOrder]),
  entry('W4', 'U', 'what one write did is told at once', [inOrder]),
  entry('W5', 'U', 'a bookmark is not ahead of what was told', [], 'no bookmarks are simulated'),
  entry('W6', 'U', 'a watch leaves nothing out', [inOrder]),
  entry('W7', 'U', 'a watch can be resumed where it was cut', [], 'watches are not cut: an informer lags, it does not reconnect'),
  entry('W8', 'U', 'the former version that a watch tells is the one that was there', [neverBack]),
  entry('W9', 'U', 'an object is told as added exactly when it was not there before', [neverBack, 'api/names-are-taken-once']),
  entry('W10', 'U', 'a cache is the outcome of the first writes of its kind', [neverBack]),
  entry('W11', 'U', 'a cache never goes back', [neverBack]),
  entry('W12', 'U', 'a list and the watch from it have no gap and no repetition', [inOrder]),
  entry('S1', 'U', 'one Pod object has a name', ['api/names-are-taken-once']),
  entry('S2', 'U', 'at most one Pod runs under an identity, unless its deletion was forced', ['stateful-set/at-most-one-pod-per-ordinal']),
  entry('S3', 'U', 'name, index label, host name and subdomain agree', ['stateful-set/identity-is-consistent']),
  entry('S4', 'V', 'an ordinal is in range, or its Pod is condemned', ['stateful-set/creates-only-wanted-ordinals']),
  entry('S5', 'U', 'exactly one controller owns a Pod, by uid', ['stateful-set/identity-is-consistent', 'api/one-controller-each']),
  entry('S6', 'U', 'the controller touches only Pods that it owns', ['stateful-set/touches-only-its-own-pods']),
  entry('S7', 'U', 'Pod i mounts the claim TEMPLATE-SET-i', ['stateful-set/pods-mount-their-own-claims']),
  entry('O1', 'V', 'OrderedReady creates i only when all before it are Running, Ready and not terminating', [
    'stateful-set/creates-in-order',
  ]),
  entry('O2', 'V', 'only the highest condemned Pod is deleted, while the others are healthy', ['stateful-set/scales-down-in-order']),
  entry('O3', 'V', 'scaling never deletes a wanted Pod', ['stateful-set/deletes-only-for-a-reason']),
  entry('O4', 'V', 'nothing is created beyond the replicas', ['stateful-set/creates-only-wanted-ordinals']),
  entry('O5', 'U', 'Parallel waits for nobody', ['stateful-set/parallel-does-not-wait']),
  entry('U1', 'V', 'the highest ordinal is updated first', ['stateful-set/updates-from-the-highest-ordinal']),
  entry('U2', 'V', 'below the partition the current revision stays', ['stateful-set/partition-is-respected']),
  entry('U3', 'V', 'the controller makes at most maxUnavailable Pods unavailable', ['stateful-set/keeps-pods-available']),
  entry('U4', 'U', 'OnDelete deletes nothing', ['stateful-set/on-delete-leaves-pods']),
  entry('U5', 'V', 'a Pod is made from the current or the update revision', ['stateful-set/pods-have-known-revisions']),
  entry('U6', 'V', 'one template has one ControllerRevision, numbers increase, live ones are kept', [
    'stateful-set/revisions-are-distinct',
    'stateful-set/live-revisions-are-kept',
  ]),
  entry('U7', 'V', 'the update revision becomes current exactly when the rollout is complete', ['stateful-set/rollout-ends-when-complete']),
  entry('P1', 'U', 'no claim is deleted unless the policy says so', ['claims/claims-outlive-pods']),
  entry('P2', 'U', 'whenScaled and whenDeleted mean what their table says', ['claims/retention-policy-is-obeyed']),
  entry('P3', 'U', 'one volume has one claim; a ReadWriteOnce disk is on one node', [
    'claims/one-volume-one-claim',
    'claims/disks-are-on-one-node',
  ]),
  entry('P4', 'U', 'a Pod that is made again gets the same claim', [
    'claims/claims-in-use-stay',
    'stateful-set/pods-mount-their-own-claims',
    'api/names-are-taken-once',
  ]),
  entry('N1', 'U', 'nodeName is set once', ['nodes/pods-are-bound-once']),
  entry('N2', 'F', 'requests stay within what is allocatable', ['nodes/nodes-are-not-overbooked']),
  entry('N3', 'V', 'nothing is bound to a node that is cordoned, tainted or not ready', ['nodes/taints-and-cordons-keep-pods-away']),
  entry('N4', 'F', 'hard affinity, anti-affinity and spreading hold when a Pod is bound', [
    'nodes/node-selectors-hold',
    'nodes/affinity-holds',
    'nodes/spread-holds',
  ]),
  entry('N5', 'U', 'a Pod on a lost node is not replaced before it is known to have ended', [
    'nodes/pods-wait-for-their-kubelet',
    'nodes/objects-go-after-their-processes',
  ]),
  entry('N6', 'V', 'voluntary disruptions respect the budgets', ['nodes/budgets-are-not-overdrawn']),
  entry('G1', 'F', 'nothing is collected whose owner exists', ['garbage-collection/owned-objects-stay']),
  entry('G2', 'F', 'the policy Orphan keeps the dependents', ['garbage-collection/orphans-are-let-go']),
  entry('T1', 'U', 'replicas ≥ ready ≥ available', ['status/counts-are-nested']),
  entry('T2', 'U', 'observedGeneration stays within the generation and never falls', ['status/observed-generation-follows']),
  entry('T3', 'V', 'a status is that of what its controller saw', ['status/stateful-set-counts-its-pods']),
  entry('C1', 'U', 'simulated time never falls, and no timer is early', ['time/time-never-falls'], 'findDisorder, over whole logs'),
  entry('C2', 'U', 'back-offs stay within their bounds', ['time/failures-back-off', 'time/containers-back-off']),
  entry(
    'L1',
    'L',
    'what is wanted and stays the same comes to be',
    ['eventually/stateful-sets-match'],
    'debtsOf, at any moment and for other workloads',
  ),
  entry('L2', 'L', 'a scale-up ends Ready', ['eventually/scale-up-ends-ready']),
  entry('L3', 'L', 'a scale-down ends with the Pods gone', ['eventually/scale-down-ends-gone'], 'the order is O2'),
  entry('L4', 'L', 'a healthy rollout completes', ['eventually/rollouts-complete']),
  entry('L5', 'L', 'a broken rollout is stuck for a broken Pod and for nothing else', ['eventually/only-broken-pods-stop-rollouts']),
  entry(
    'L6',
    'L',
    'the Pods of a lost node are told to go, and stay Terminating',
    ['eventually/lost-nodes-are-left'],
    'that they stay is N5',
  ),
  entry('L7', 'L', 'deletions end, by each policy', ['eventually/deletions-end']),
  entry('L8', 'L', 'the retention policy is applied in the end', ['eventually/retention-is-applied']),
  entry('L9', 'L', 'no wake-up is lost', ['eventually/no-wake-up-is-lost'], 'lostWakeUps, on copies of a settled run'),
  entry('L10', 'L', 'when nobody asks for anything more, writes stop', [], 'unrestAfter, on a copy of a run; the cycle is named'),
  entry('L11', 'L', 'after a finite number of errors a key is done', ['eventually/failures-end']),
  entry('L12', 'L', 'every cache catches up', ['eventually/caches-catch-up']),
  entry('L13', 'L', 'observedGeneration reaches the generation', ['eventually/specs-are-observed']),
  entry(
    'L14',
    'L',
    'work goes on after a hand-over',
    ['eventually/ready-keys-get-their-turn'],
    'one process a controller: a restart stands for the hand-over',
  ),
  entry('L15', 'L', 'a run with one crash ends as the one without', [], 'differencesOfEnds, over two runs'),
  entry('L16', 'L', 'a drain that a budget blocks ends when there are Pods enough', ['eventually/budgets-follow-their-pods']),
]

/** Judged by a function of its own and not by looking at one state. */
export const judgedOnCopies: readonly string[] = ['eventually/no-wake-up-is-lost']
