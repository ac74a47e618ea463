/**
 * The seeded bugs of the catalogue: each a change of the product's source, made while a test bundle is built and nowhere else, with the
 * property that is meant to catch it and the situation that is searched. A change whose text is not found fails loudly.
 */
import type { SituationName } from './situations.js'

export interface Edit {
  /** Below packages/core/src, or another place below packages. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly bug: number
  readonly title: string
  readonly edits: readonly Edit[]
  readonly situation: SituationName
  readonly expectedBy: string
  readonly states?: number
  /** Default: explore. `rerun`: the same history twice, with another clock and other chance outside. `damage`: a log with one letter changed. */
  readonly search?: 'explore' | 'rerun' | 'damage'
}

export interface Exempt {
  readonly bug: number
  readonly title: string
  readonly because: string
}

const replicas = 'controllers/stateful-set/plan-replicas.ts'
const rollout = 'controllers/stateful-set/plan-rollout.ts'
const plan = 'controllers/stateful-set/plan.ts'
const status = 'controllers/stateful-set/plan-status.ts'
const podControl = 'controllers/stateful-set/pod-control.ts'
const identity = 'controllers/stateful-set/identity.ts'
const member = 'controllers/stateful-set/member.ts'
const claims = 'controllers/stateful-set/plan-claims.ts'
const revisions = 'controllers/stateful-set/plan-revisions.ts'
const history = 'controllers/controller-history.ts'
const wiring = 'controllers/stateful-set/controller.ts'
const collector = 'controllers/garbage-collector/plan.ts'

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace })
const atEnd = (path: string, value: string | number): string => `eventually ${path} is ${value}`
const readyAtEnd = (count: number): string => atEnd('statefulset/web status.readyReplicas', count)

export const mutants: readonly Mutant[] = [
  {
    bug: 1,
    title: 'no wait for readiness',
    edits: [
      edit(
        replicas,
        'if (member.isTerminating || !member.isRunningAndReady || !isAvailableMember(',
        'if (member.isTerminating || !isAvailableMember({ ...member, isReady: true }, 0, 0) || false && !isAvailableMember(',
      ),
      edit(
        replicas,
        "    if (!member.isRunningAndReady) {\n      sync.waitFor({\n        kind: 'PodNotReady',\n        on,",
        "    if (false) {\n      sync.waitFor({\n        kind: 'PodNotReady',\n        on,",
      ),
      edit(
        replicas,
        "isAvailableMember(member, minReadySeconds, sync.context.now)) {\n      sync.waitFor({\n        kind: 'PodNotAvailable',\n        on,",
        "isAvailableMember({ ...member, isReady: true }, minReadySeconds, sync.context.now)) {\n      sync.waitFor({\n        kind: 'PodNotAvailable',\n        on,",
      ),
      edit(
        replicas,
        "    if (isMonotonic) {\n      sync.waitFor({\n        kind: 'PodNotReady',\n        on,\n        because: `${name} was just created",
        "    if (false) {\n      sync.waitFor({\n        kind: 'PodNotReady',\n        on,\n        because: `${name} was just created",
      ),
    ],
    situation: 'creation',
    expectedBy: 'stateful-set/creates-in-order',
  },
  {
    bug: 2,
    title: 'wait for Running, not for Ready',
    edits: [edit(member, '  const ready = isReady(pod)\n', "  const ready = pod.status.phase === 'Running'\n")],
    situation: 'slow start',
    expectedBy: 'stateful-set/creates-in-order',
  },
  {
    bug: 3,
    title: 'a terminating predecessor is not waited for',
    edits: [
      edit(replicas, 'if (member.isTerminating || !member.isRunningAndReady', 'if (!member.isRunningAndReady'),
      edit(
        replicas,
        "    if (member.isTerminating) {\n      sync.waitFor({\n        kind: 'PodTerminating',\n        on,",
        "    if (false) {\n      sync.waitFor({\n        kind: 'PodTerminating',\n        on,",
      ),
    ],
    situation: 'growing with a deletion',
    expectedBy: 'stateful-set/creates-in-order',
  },
  {
    bug: 4,
    title: 'the lowest ordinal is deleted first',
    edits: [edit(replicas, 'right.ordinal - left.ordinal ||', 'left.ordinal - right.ordinal ||')],
    situation: 'scaling',
    expectedBy: 'stateful-set/scales-down-in-order',
  },
  {
    bug: 5,
    title: 'two Pods are deleted at once',
    edits: [
      edit(
        replicas,
        "  if (sync.isMonotonic)\n    sync.waitFor({\n      kind: 'PodTerminating',\n      on: onPod(sync, name),\n      because: `${name} was just told",
        "  if (sync.isMonotonic)\n    return goOn\n  if (sync.isMonotonic)\n    sync.waitFor({\n      kind: 'PodTerminating',\n      on: onPod(sync, name),\n      because: `${name} was just told",
      ),
    ],
    situation: 'scaling',
    expectedBy: 'stateful-set/scales-down-in-order',
  },
  {
    bug: 6,
    title: 'one Pod too many: off by one at replicas',
    edits: [edit(replicas, '  const count = replicasOf(set)\n  const slots', '  const count = replicasOf(set) + 1\n  const slots')],
    situation: 'creation',
    expectedBy: 'stateful-set/creates-only-wanted-ordinals',
  },
  {
    bug: 7,
    title: 'ordinals.start is ignored when Pods are deleted',
    edits: [
      edit(
        replicas,
        '    } else if (slot.ordinal >= 0) condemned.push(member)\n',
        '    }\n    if (slot.ordinal >= replicasOf(set)) condemned.push(member)\n',
      ),
    ],
    situation: 'ordinals',
    expectedBy: 'stateful-set/deletes-only-for-a-reason',
  },
  {
    bug: 8,
    title: 'Parallel is treated as OrderedReady',
    edits: [edit(plan, "isMonotonic: set.spec.podManagementPolicy !== 'Parallel',", 'isMonotonic: true,')],
    situation: 'parallel with a broken Pod',
    expectedBy: 'stateful-set/parallel-does-not-wait',
  },
  {
    bug: 9,
    title: 'OrderedReady is treated as Parallel',
    edits: [edit(plan, "isMonotonic: set.spec.podManagementPolicy !== 'Parallel',", 'isMonotonic: false,')],
    situation: 'creation',
    expectedBy: 'stateful-set/creates-in-order',
  },
  {
    bug: 10,
    title: 'a kubelet removes the object of a Pod it has ended without a precondition on the uid',
    edits: [
      edit(
        'controllers/kubelet/end-pod.ts',
        'remove(pod, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })',
        'remove(pod, { gracePeriodSeconds: 0 })',
      ),
    ],
    situation: 'forced deletion and a slow kubelet',
    expectedBy: 'mutants/ends-only-its-own',
  },
  {
    bug: 11,
    title: 'the status is written blindly, with all of the set as the cache shows it',
    edits: [
      edit(
        status,
        'const withStatus: StatefulSet = { ...set, status: toStored(status) }',
        "const { resourceVersion: _blind, ...metadata } = set.metadata\n    yield { kind: 'ReplaceObject', object: { ...set, metadata } as unknown as StatefulSet }\n    const withStatus = { ...set, metadata, status: toStored(status) } as unknown as StatefulSet",
      ),
    ],
    situation: 'slow cache of the set',
    expectedBy: readyAtEnd(2),
  },
  {
    bug: 12,
    title: 'a blind write erases deletionTimestamp',
    edits: [
      edit(
        'api/defaults/prepare.ts',
        '{ ...metadata, ...(deleted === undefined ? undefined : { deletionTimestamp: deleted }) },',
        '{ ...metadata },',
      ),
      edit(
        'api/defaults/prepare.ts',
        'if (next.metadata === stored.metadata) return status === next.status ? next : { ...next, status }\n    const { deletionTimestamp: _, ...metadata }',
        'const { deletionTimestamp: _, ...metadata }',
      ),
    ],
    situation: 'a deletion by hand',
    expectedBy: 'eventually not: pod/web-1 {.metadata.deletionTimestamp} matches /./',
  },
  {
    bug: 14,
    title: 'a name that somebody else has taken is taken for success',
    edits: [
      edit(
        podControl,
        "else if (answer.left.reason === 'AlreadyExists') return answer.left",
        "else if (answer.left.reason === 'AlreadyExists') return undefined",
      ),
    ],
    situation: 'a name that is taken',
    expectedBy: readyAtEnd(2),
  },
  {
    bug: 13,
    title: 'an error is lost and the key not looked at again',
    edits: [edit(plan, 'if (outcome.error !== undefined) planned.error = outcome.error', '')],
    situation: 'writes that fail',
    expectedBy: readyAtEnd(2),
  },
  {
    bug: 15,
    title: 'adoption without a live check of the owner',
    edits: [
      edit('controllers/claim-objects.ts', '    checked ??= { error: yield* recheckOwner(owner) }', '    checked ??= { error: undefined }'),
      edit(revisions, 'const recheckError = yield* recheckOwner(set)', 'const recheckError = undefined as ApiStatus | undefined'),
    ],
    situation: 'orphaned with a slow cache',
    expectedBy: 'mutants/adopts-only-for-the-living',
  },
  {
    bug: 16,
    title: 'a Pod on a lost node is replaced before it is known to have ended',
    edits: [
      edit(
        'controllers/taint-eviction/plan.ts',
        "yield { kind: 'DeleteObject', target, options: {} }",
        "yield { kind: 'DeleteObject', target, options: { gracePeriodSeconds: 0 } }",
      ),
    ],
    situation: 'lost node',
    expectedBy: 'stateful-set/at-most-one-pod-per-ordinal',
  },
  {
    bug: 17,
    title: 'a uid is used again for the same name',
    edits: [
      edit('cluster/decide-create.ts', '${sent.kind}/${namespace}/${name}#${state.revision + 1}', '${sent.kind}/${namespace}/${name}'),
    ],
    situation: 'forced deletion',
    expectedBy: 'api/uids-are-for-ever',
  },
  {
    bug: 18,
    title: 'a controller forgets what it has created (ReplicaSet)',
    edits: [
      edit(
        'controllers/replicas.ts',
        'const newMemory = unseen === undefined ? { memory: sync.written.toMemory() } : undefined',
        'const newMemory = { memory: null }',
      ),
    ],
    situation: 'replica set with a slow cache',
    expectedBy: 'never the number of pods is at least 3',
  },
  {
    bug: 19,
    title: 'no reading of own writes (Kubernetes 1.35)',
    edits: [
      edit(
        'simulation/default-controllers.ts',
        'staleReadProtection: settings.featureGates.staleReadProtection,',
        'staleReadProtection: false,',
      ),
    ],
    situation: 'creation with a slow cache',
    expectedBy: 'mutants/own-writes-are-read',
  },
  {
    bug: 20,
    title: 'after a crash between claim and Pod, the claim is in the way',
    edits: [
      edit(
        claims,
        'if (claim === undefined) {\n      const answer = yield',
        "if (claim === undefined || sync.context.reader.get('Pod', namespaceOf(set), pod.name) === undefined) {\n      const answer = yield",
      ),
    ],
    situation: 'creation with a crash',
    expectedBy: readyAtEnd(2),
  },
  {
    bug: 21,
    title: 'the status is written only by a sync that did something',
    edits: [
      edit(
        plan,
        'const statusError = yield* writeStatus(sync, status)',
        'const statusError = error === undefined && status.replicas === (sync.set.status.replicas ?? 0) ? undefined : yield* writeStatus(sync, status)',
      ),
    ],
    situation: 'creation',
    expectedBy: readyAtEnd(3),
  },
  {
    bug: 22,
    title: 'edge-triggered: only a change of the set wakes the controller',
    edits: [edit(wiring, '    Pod: onPod,', '    Pod: () => nobody,')],
    situation: 'creation',
    expectedBy: readyAtEnd(3),
  },
  {
    bug: 23,
    title: 'a deletion is not heard of',
    edits: [edit(wiring, "if (type === 'DELETED') return resolved", "if (type === 'DELETED') return nobody")],
    situation: 'a deletion by hand and a slow cache',
    expectedBy: readyAtEnd(2),
  },
  {
    bug: 24,
    title: 'a set that is being deleted gets its Pods again',
    edits: [edit(plan, '  if (set.metadata.deletionTimestamp !== undefined)\n    return {', '  if (false)\n    return {')],
    situation: 'deleted in the foreground',
    expectedBy: 'stateful-set/creates-only-wanted-ordinals',
  },
  {
    bug: 25,
    title: 'a claim that goes with its former Pod is given to the next one',
    edits: [edit(claims, 'if (!retentionPolicyOf(sync.set).deletesWhenScaled) return undefined', 'if (true) return undefined')],
    situation: 'scaled down and up, claims go',
    expectedBy:
      'never pod/web-1 is ready, and pvc/www-web-1 {.metadata.deletionTimestamp} matches /./, and not: pod/web-1 {.metadata.deletionTimestamp} matches /./',
  },
  {
    bug: 26,
    title: 'the partition is off by one',
    edits: [
      edit(rollout, 'spec.updateStrategy?.rollingUpdate?.partition ?? 0', '(spec.updateStrategy?.rollingUpdate?.partition ?? 0) - 1'),
    ],
    situation: 'partition',
    expectedBy: 'stateful-set/partition-is-respected',
  },
  {
    bug: 27,
    title: 'a terminating Pod does not count as unavailable in a rollout',
    edits: [
      edit(rollout, '    if (isUnavailable(sync, member)) {\n      waitForPod', '    if (member === undefined) {\n      waitForPod'),
      edit(replicas, 'if (member.isTerminating || !member.isRunningAndReady', 'if (!member.isRunningAndReady'),
      edit(
        replicas,
        "    if (member.isTerminating) {\n      sync.waitFor({\n        kind: 'PodTerminating',\n        on,",
        "    if (false) {\n      sync.waitFor({\n        kind: 'PodTerminating',\n        on,",
      ),
    ],
    situation: 'rollout',
    expectedBy: 'stateful-set/keeps-pods-available',
  },
  {
    bug: 28,
    title: 'a rollout skips a broken old Pod for ever',
    edits: [
      edit(
        rollout,
        'isOld(member, versions) && !member.isTerminating) {',
        'isOld(member, versions) && member.isReady && !member.isTerminating) {',
      ),
    ],
    situation: 'parallel rollout of what is broken',
    expectedBy: readyAtEnd(3),
  },
  {
    bug: 29,
    title: 'a Pod returns at the wrong revision in the middle of a rollout',
    edits: [edit(identity, '  isMadeFromCurrentRevision(set, ordinal)\n    ? newStatefulSetPod', '  false\n    ? newStatefulSetPod')],
    situation: 'partition',
    expectedBy: 'stateful-set/partition-is-respected',
  },
  {
    bug: 30,
    title: 'two templates with one hash: the collision is not resolved',
    edits: [
      edit(
        history,
        'const hash = hashOfRevision(content.text, collisionCount)',
        "const hash = collisionCount === 0 ? 'collides' : hashOfRevision(content.text, collisionCount)",
      ),
      edit(history, 'if (textOf(existing) === proposed.content.text) return', 'if (true) return'),
    ],
    situation: 'revisions that collide',
    expectedBy: 'eventually pod/web-0 {.spec.containers[0].image} is "nginx:1.28"',
  },
  {
    bug: 31,
    title: 'a live revision is pruned',
    edits: [
      edit(revisions, 'const live = new Set(pods.map(podRevisionOf))', 'const live = new Set<string>()'),
      edit(
        revisions,
        '(name === versions.current.metadata.name || name === versions.update.metadata.name)',
        'name === versions.update.metadata.name',
      ),
    ],
    situation: 'many revisions',
    expectedBy: 'stateful-set/live-revisions-are-kept',
  },
  {
    bug: 32,
    title: 'OnDelete deletes',
    edits: [edit(rollout, "if (sync.set.spec.updateStrategy?.type === 'OnDelete') {", 'if (false) {')],
    situation: 'on delete',
    expectedBy: 'stateful-set/on-delete-leaves-pods',
  },
  {
    bug: 33,
    title: 'a rollback is forced where Kubernetes is stuck',
    edits: [
      edit(
        replicas,
        '  if (member.isTerminal) {\n    if (!member.isTerminating) {',
        "  if (member.isTerminal || (member.pod.status.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull' && member.revision !== versions.update.metadata.name)) {\n    if (!member.isTerminating) {",
      ),
    ],
    situation: 'stuck rollout',
    expectedBy:
      'never pod/web-2 {.status.containerStatuses[0].state.waiting.reason} is "ErrImagePull", and pod/web-2 {.metadata.deletionTimestamp} matches /./',
  },
  {
    bug: 34,
    title: 'whenScaled deletes claims when the template changes',
    edits: [
      edit(
        claims,
        "if (policy.deletesWhenScaled && !isInOrdinalRange(set, ordinal)) return 'pod'",
        "if (policy.deletesWhenScaled) return 'pod'",
      ),
    ],
    situation: 'retention when scaled',
    expectedBy: 'claims/retention-policy-is-obeyed',
  },
  {
    bug: 35,
    title: 'a disk of ReadWriteOnce is attached to two nodes',
    edits: [
      edit(
        'controllers/attach-detach/plan.ts',
        '  for (const node of attachedNodesOf(context.world, disk)) {\n    if (wanted.has(node)) {',
        '  for (const node of [] as string[]) {\n    if (wanted.has(node)) {',
      ),
    ],
    situation: 'disk that moves',
    expectedBy: 'claims/disks-are-on-one-node',
  },
  {
    bug: 36,
    title: 'the disruption budget is ignored by evictions',
    edits: [edit('resources/pod-disruption-budget/queries.ts', '  if (disruptionsAllowed === 0) {', '  if (disruptionsAllowed === -1) {')],
    situation: 'drain',
    expectedBy: 'nodes/budgets-are-not-overdrawn',
  },
  {
    bug: 37,
    title: 'Pods are bound over the capacity of a node',
    edits: [
      edit(
        'controllers/kube-scheduler/filter.ts',
        '  return fits && requests.others.size === 0 ? undefined : whatIsLacking(requests, info)',
        '  return fits || true ? undefined : whatIsLacking(requests, info)',
      ),
    ],
    situation: 'small node',
    expectedBy: 'nodes/nodes-are-not-overbooked',
  },
  {
    bug: 38,
    title: 'the garbage collector knows owners by name, not by uid',
    edits: [
      edit(
        collector,
        'E.isRight(answer) && answer.right.metadata.uid === reference.uid ? answer.right',
        'E.isRight(answer) ? answer.right',
      ),
    ],
    situation: 'deleted and made again',
    expectedBy: readyAtEnd(1),
  },
  {
    bug: 39,
    title: 'the policy Orphan is ignored',
    edits: [
      edit(
        collector,
        'for (const dependent of inChosenOrder(collector, dependents)) {\n    const refused',
        'for (const dependent of inChosenOrder(collector, dependents).slice(1_000)) {\n    const refused',
      ),
      edit(collector, 'if (dependents.length > 0) return { memory: true', 'if (dependents.length > 1_000) return { memory: true'),
    ],
    situation: 'orphaned',
    expectedBy: 'garbage-collection/orphans-are-let-go',
  },
  {
    bug: 40,
    title: 'observedGeneration is ahead of what was acted upon',
    edits: [edit(status, 'observedGeneration: set.metadata.generation ?? 0,', 'observedGeneration: (set.metadata.generation ?? 0) + 1,')],
    situation: 'creation',
    expectedBy: 'status/observed-generation-follows',
  },
  {
    bug: 41,
    title: 'readyReplicas counts Pods that are not ready',
    edits: [
      edit(
        status,
        'if (member.isRunningAndReady) {\n      readyReplicas += 1',
        'if (member.isRunningAndReady || member.isPending) {\n      readyReplicas += 1',
      ),
    ],
    situation: 'creation',
    expectedBy: 'status/stateful-set-counts-its-pods',
  },
  {
    bug: 42,
    title: 'a watch that is far behind drops an event (there is no compaction: a late cache that is to hear of two writes hears of one)',
    edits: [
      edit(
        'simulation/create-simulation.ts',
        '    const underway = lagging.underway.slice(1)\n',
        '    const underway = lagging.underway.slice(lagging.underway.length > 1 ? 2 : 1)\n',
      ),
    ],
    situation: 'a deletion by hand and a slow cache',
    expectedBy: 'caches/caches-never-go-back',
  },
  {
    bug: 43,
    title: 'a controller that starts again takes its caches for newer than they are (what a bookmark that is too high does)',
    edits: [
      edit(
        'simulation/create-simulation.ts',
        '      if (controller !== undefined) startController(controller, recorded.seq)\n',
        '      for (const kind of Object.keys(controller?.watches ?? {})) {\n        const late = getAt(informers, `${event.controller} ${kind}`)\n        if (late !== undefined) informers = setAt(informers, `${event.controller} ${kind}`, { ...late, underway: [] })\n      }\n      if (controller !== undefined) startController(controller, recorded.seq)\n',
      ),
    ],
    situation: 'creation with a slow cache and a crash',
    expectedBy: 'caches/caches-never-go-back',
  },
  {
    bug: 45,
    title: 'a gap between list and watch: a controller that starts again does not hear of what there is',
    edits: [
      edit(
        'simulation/create-simulation.ts',
        "deliver(watcher, { type: 'ADDED', object, old: undefined }, reader, causedBy)",
        "if (watcher === undefined) deliver(watcher, { type: 'ADDED', object, old: undefined }, reader, causedBy)",
      ),
    ],
    situation: 'creation with a crash',
    expectedBy: readyAtEnd(2),
  },
  {
    bug: 46,
    title: 'a log damaged in the middle is taken as it is',
    edits: [edit('replay/src/read-turns.ts', ' || (said as Line).digest !== computed.slice(0, digestDigits)', '')],
    situation: 'the same history again',
    expectedBy: 'log/damage-is-refused',
    search: 'damage',
  },
  {
    bug: 48,
    title: 'the order of a map leaks (the dependents that are collected)',
    edits: [edit(collector, '  const order = [...dependents]\n', '  const order = [...dependents].sort(() => Math.random() - 0.5)\n')],
    situation: 'the same history again',
    expectedBy: 'determinism',
    search: 'rerun',
  },
  {
    bug: 49,
    title: 'the clock of the host leaks',
    edits: [edit('cluster/decide-create.ts', ': timestampOf(context.now)\n', ': timestampOf(Date.now() % 1_000_000_000)\n')],
    situation: 'the same history again',
    expectedBy: 'determinism',
    search: 'rerun',
  },
  {
    bug: 50,
    title: 'a write that changes nothing makes a new version',
    edits: [edit('cluster/decide-write.ts', 'if (isEmptyDifference(plain)) return []', '')],
    situation: 'a patch that changes nothing',
    expectedBy: 'api/writes-change-something',
  },
]

export const exempts: readonly Exempt[] = [
  {
    bug: 44,
    title: 'a notification comes twice after a resume',
    because:
      'it cannot be told from the original: controllers are level-triggered, and the second notification wakes the same key, which waits once however often it is added and is looked at once more without effect',
  },
  {
    bug: 47,
    title: 'a snapshot with the wrong hash is used',
    because: 'snapshots inside log files are not built: a log is always folded from its beginning',
  },
]
