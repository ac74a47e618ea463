/**
 * Deletes what is owned by nothing any more, deletes dependents before their owner where the owner waits for them, and lets dependents go
 * their own way where the owner says so.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { OwnerReference } from '../../api/generated/types.js'
import type { KubernetesObject, ObjectRef } from '../../api/object.js'
import { isNamespaced, resourceOfKind } from '../../api/resources.js'
import type { ApiResult, DeleteOptions } from '../../cluster/api-commands.js'
import { limits } from '../../kernel/limits.js'
import type { Plan, PlanContext, Waiting } from '../controller.js'
import { isNotFound, remove } from '../requests.js'
import { aggregateErrors, refusalOf, type Steps } from '../steps.js'
import { dependentsOf, goneOwnerOfKey, isDeletingDependents, isOrphaning, refOfKey } from './dependents.js'

const foregroundFinalizer = 'foregroundDeletion'
const orphanFinalizer = 'orphan'

// Follows attemptToDeleteItem and attemptToOrphanWorker in pkg/controller/garbagecollector/garbagecollector.go.
// Differs from Kubernetes: twenty workers take dependents one by one there; here all dependents of one owner are one plan's work, in an order
// that is a choice.
export function* planGarbageCollection(context: PlanContext): Plan {
  const { key, reader } = context
  const gone = goneOwnerOfKey(key)
  const collector: Collector = { context, owners: new Map() }
  if (gone !== undefined) return outcome(yield* collect(collector, dependentsOf(gone, reader)))
  const ref = refOfKey(key)
  const item = reader.getAny(ref.kind, ref.namespace, ref.name)
  if (item === undefined) return { memory: null }
  if (item.metadata.deletionTimestamp !== undefined) {
    if (isOrphaning(item)) return yield* orphanDependents(collector, item)
    if (isDeletingDependents(item)) return yield* awaitDependents(collector, item)
  }
  return { memory: null, ...outcome(yield* attemptToDelete(collector, item)) }
}

/** One plan's view: an owner that was looked up once is not asked for again. */
interface Collector {
  readonly context: PlanContext
  readonly owners: Map<string, ApiResult>
}

function* collect(collector: Collector, dependents: readonly KubernetesObject[]): Steps<ApiStatus | undefined> {
  const errors: (ApiStatus | undefined)[] = []
  for (const dependent of inChosenOrder(collector, dependents)) {
    // One that waits for its own dependents has a key of its own.
    if (!isDeletingDependents(dependent)) errors.push(yield* attemptToDelete(collector, dependent))
  }
  return aggregateErrors(errors)
}

/** Index 0 everywhere keeps the order of the keys. */
const inChosenOrder = (
  { context: { choose, key, now } }: Collector,
  dependents: readonly KubernetesObject[],
): readonly KubernetesObject[] => {
  const order = [...dependents]
  for (let index = 0; index + 1 < order.length; index += 1) {
    const from = index + choose({ stream: 'garbage-collector/order', key: `${key}@${now}#${index}` }, order.length - index)
    const [chosen, displaced] = [order[from], order[index]]
    if (chosen === undefined || displaced === undefined) continue
    order[index] = chosen
    order[from] = displaced
  }
  return order
}

function* attemptToDelete(collector: Collector, item: KubernetesObject): Steps<ApiStatus | undefined> {
  // Being deleted is a one-way street: the end of it is somebody else's work.
  if (item.metadata.deletionTimestamp !== undefined) return undefined
  const references = item.metadata.ownerReferences ?? []
  if (references.length === 0) return undefined
  const classified = yield* classify(collector, item, references)
  if (E.isLeft(classified)) return classified.left
  const { solid, dangling, waiting } = classified.right
  if (solid.length > 0) return dangling.length + waiting.length === 0 ? undefined : yield* dropReferences(item, [...dangling, ...waiting])
  const dependents = waiting.length === 0 ? [] : dependentsOf(item.metadata, collector.context.reader)
  if (dependents.length === 0) return yield* deleteItem(item, policyOf(item))
  if (dependents.some(isDeletingDependents)) {
    const refused = yield* unblockReferences(item)
    if (refused !== undefined) return refused
  }
  return yield* deleteItem(item, 'Foreground')
}

/** What was asked for once is honoured. */
const policyOf = (item: KubernetesObject): NonNullable<DeleteOptions['propagationPolicy']> =>
  finalizersOf(item).includes(orphanFinalizer) ? 'Orphan' : finalizersOf(item).includes(foregroundFinalizer) ? 'Foreground' : 'Background'

const finalizersOf = (item: KubernetesObject): readonly string[] => item.metadata.finalizers ?? []

const outcome = (error: ApiStatus | undefined): { readonly error?: ApiStatus } => (error === undefined ? {} : { error })

interface Classified {
  /** The owner exists and does not wait for its dependents to go. */
  readonly solid: readonly OwnerReference[]
  /** There is no such owner. */
  readonly dangling: readonly OwnerReference[]
  /** The owner is only there until its dependents are gone. */
  readonly waiting: readonly OwnerReference[]
}

// Follows classifyReferences and isDangling in pkg/controller/garbagecollector/garbagecollector.go.
function* classify(
  { owners }: Collector,
  item: KubernetesObject,
  references: readonly OwnerReference[],
): Steps<E.Either<ApiStatus, Classified>> {
  const solid: OwnerReference[] = []
  const dangling: OwnerReference[] = []
  const waiting: OwnerReference[] = []
  for (const reference of references) {
    // An owner of a kind that nobody serves can be neither found nor missed.
    if (resourceOfKind(reference.kind) === undefined) return E.right({ solid: [reference], dangling: [], waiting: [] })
    const namespaced = isNamespaced(reference.kind)
    const itemNamespace = item.metadata.namespace ?? ''
    // Something without namespace cannot be owned by something in one: nothing is done about it.
    if (namespaced && itemNamespace === '') return E.right({ solid: [reference], dangling: [], waiting: [] })
    const target: ObjectRef = { kind: reference.kind, namespace: namespaced ? itemNamespace : '', name: reference.name }
    const ownerKey = `${target.kind}:${target.namespace}/${target.name}`
    const answer: ApiResult = owners.get(ownerKey) ?? (yield { kind: 'GetObject', target })
    owners.set(ownerKey, answer)
    if (E.isLeft(answer) && answer.left.reason !== 'NotFound') return answer
    const owner = E.isRight(answer) && answer.right.metadata.uid === reference.uid ? answer.right : undefined
    if (owner === undefined) dangling.push(reference)
    else if (owner.metadata.deletionTimestamp !== undefined && isDeletingDependents(owner)) waiting.push(reference)
    else solid.push(reference)
  }
  return E.right({ solid, dangling, waiting })
}

// Follows processDeletingDependentsItem: the owner goes when nothing that blocks it is left.
function* awaitDependents(collector: Collector, owner: KubernetesObject): Plan {
  const blocking = dependentsOf(owner.metadata, collector.context.reader).filter((dependent) =>
    (dependent.metadata.ownerReferences ?? []).some(
      (reference) => reference.uid === owner.metadata.uid && reference.blockOwnerDeletion === true,
    ),
  )
  const isFree = collector.context.memory === true
  if (isFree) return { memory: null, ...outcome(yield* removeFinalizer(owner, foregroundFinalizer)) }
  // The owner is read live before its finalizer goes. What becomes its dependent meanwhile is found without an owner later.
  if (blocking.length === 0) return { memory: true, requeueAfterMs: limits.apiWriteMs }
  const error = yield* collect(collector, blocking)
  const waitingFor = blocking.map(({ kind, metadata: { namespace = '', name } }): Waiting => ({
    kind: 'DependentExists',
    on: `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`,
    because: `${owner.kind} ${owner.metadata.name} is deleted in the foreground and waits for its dependents`,
  }))
  return { waitingFor, ...outcome(error) }
}

/** From the last reference that went to the removal of the owner's finalizer: the owner is read live before. */
const orphanedMs = 8

// Follows attemptToOrphanWorker: references away from all dependents that the graph shows, then the finalizer away from the owner.
function* orphanDependents(collector: Collector, owner: KubernetesObject): Plan {
  const { reader, memory } = collector.context
  const areOrphaned = memory === true
  const dependents = areOrphaned ? [] : dependentsOf(owner.metadata, reader)
  const errors: (ApiStatus | undefined)[] = []
  for (const dependent of inChosenOrder(collector, dependents)) {
    const refused = yield* patchReferences(dependent, [{ $patch: 'delete', uid: owner.metadata.uid }])
    if (refused?.reason !== 'NotFound') errors.push(refused)
  }
  const error = aggregateErrors(errors)
  if (error !== undefined) return { error }
  if (dependents.length > 0) return { memory: true, requeueAfterMs: orphanedMs }
  return { memory: null, ...outcome(yield* removeFinalizer(owner, orphanFinalizer)) }
}

function* dropReferences(item: KubernetesObject, references: readonly OwnerReference[]): Steps<ApiStatus | undefined> {
  return yield* patchReferences(
    item,
    references.map(({ uid }) => ({ $patch: 'delete', uid })),
  )
}

// Follows unblockOwnerReferencesStrategicMergePatch: a circle of owners would wait for itself.
function* unblockReferences(item: KubernetesObject): Steps<ApiStatus | undefined> {
  const blocking = (item.metadata.ownerReferences ?? []).filter((reference) => reference.blockOwnerDeletion === true)
  return yield* patchReferences(
    item,
    blocking.map(({ apiVersion, kind, name, uid, controller }) => ({
      apiVersion,
      kind,
      name,
      uid,
      ...(controller === undefined ? undefined : { controller }),
      blockOwnerDeletion: false,
    })),
  )
}

type ReferencePatch = { readonly [key: string]: string | boolean }

// Follows GenerateDeleteOwnerRefStrategicMergeBytes in pkg/controller/controller_ref_manager.go.
function* patchReferences(item: KubernetesObject, ownerReferences: readonly ReferencePatch[]): Steps<ApiStatus | undefined> {
  const { kind, metadata } = item
  const target = { kind, namespace: metadata.namespace ?? '', name: metadata.name }
  return refusalOf(
    yield { kind: 'PatchObject', target, patchType: 'strategic', patch: { metadata: { ownerReferences, uid: metadata.uid } } },
  )
}

// Follows removeFinalizer in pkg/controller/garbagecollector/operations.go: read live, and guarded by the version.
function* removeFinalizer(item: KubernetesObject, finalizer: string): Steps<ApiStatus | undefined> {
  const { kind, metadata } = item
  const target = { kind, namespace: metadata.namespace ?? '', name: metadata.name }
  for (let attempt = 1; ; attempt += 1) {
    const live = yield { kind: 'GetObject', target }
    if (E.isLeft(live)) return isNotFound(live) ? undefined : live.left
    const { uid, resourceVersion, finalizers = [] } = live.right.metadata
    if (uid !== metadata.uid || !finalizers.includes(finalizer)) return undefined
    const patch = { metadata: { resourceVersion, uid, finalizers: finalizers.filter((other) => other !== finalizer) } }
    const patched = yield { kind: 'PatchObject', target, patchType: 'merge', patch }
    if (E.isRight(patched) || patched.left.reason === 'NotFound') return undefined
    if (patched.left.reason !== 'Conflict' || attempt >= removalAttemptsMax) return patched.left
  }
}

const removalAttemptsMax = 5

// Follows deleteObject in pkg/controller/garbagecollector/operations.go: guarded by uid and version, so that a new owner is seen first.
function* deleteItem(
  item: KubernetesObject,
  propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>,
): Steps<ApiStatus | undefined> {
  const { uid, resourceVersion } = item.metadata
  const deleted = yield* remove(item, { preconditions: { uid, resourceVersion }, propagationPolicy })
  return isNotFound(deleted) ? undefined : refusalOf(deleted)
}
