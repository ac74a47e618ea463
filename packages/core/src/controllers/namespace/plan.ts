/** Empties a namespace that is being deleted, Pods first, and lets it go when nothing is left. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Namespace, Pod } from '../../api/generated/types.js'
import type { KubernetesObject } from '../../api/object.js'
import { allResources, type ApiResource } from '../../api/resources.js'
import type { Reader } from '../../cluster/reader.js'
import { simTimeOf } from '../../kernel/sim-time.js'
import { isTerminal } from '../../resources/pod/queries.js'
import type { Plan, PlanContext, Waiting } from '../controller.js'
import { getLive, isNotFound, remove, replace } from '../requests.js'
import { plainError, type Steps } from '../steps.js'
import { conditionsAfter } from './conditions.js'

const finalizerToken = 'kubernetes'
const finalizerEstimateSeconds = 15

const deletableResources = (): readonly ApiResource[] => {
  const seen = new Set<string>()
  return allResources.filter(({ kind, namespaced, verbs }) => {
    const isNew = namespaced && verbs.includes('delete') && !seen.has(kind)
    seen.add(kind)
    return isNew
  })
}

// Follows Delete and deleteAllContent in pkg/controller/namespace/deletion/namespaced_resources_deleter.go.
export function* planNamespace(context: PlanContext): Plan {
  const { key, now } = context
  const found = yield* getLive('Namespace', '', key)
  if (E.isLeft(found)) return isNotFound(found) ? {} : { error: found.left }
  const namespace = found.right
  const { deletionTimestamp } = namespace.metadata
  if (deletionTimestamp === undefined) return {}
  if ((namespace.spec.finalizers ?? []).length === 0) return yield* deleteFinalized(namespace)

  const resources = deletableResources()
  const pods = resources.filter(({ kind }) => kind === 'Pod')
  const others = resources.filter(({ kind }) => kind !== 'Pod')
  const deletedForMs = now - (simTimeOf(deletionTimestamp) ?? now)
  const content = yield* deleteContent(context, pods, deletedForMs)
  const rest = content.counts.size > 0 ? undefined : yield* deleteContent(context, others, deletedForMs)
  const all = merged(content, rest)
  const contentError = all.error?.message
  const conditions = conditionsAfter(
    namespace.status.conditions ?? [],
    { resources: all.counts, finalizers: all.finalizers, contentError },
    now,
  )
  let current = namespace
  if (conditions !== namespace.status.conditions) {
    const told = { ...namespace, status: { ...namespace.status, conditions } }
    const written = yield* replace(told, 'status')
    if (E.isLeft(written)) return { error: written.left }
    current = written.right
  }
  if (all.error !== undefined) return { error: all.error }
  // Half of the estimate is waited for, and a second.
  if (all.estimateSeconds > 0) return { requeueAfterMs: (Math.floor(all.estimateSeconds / 2) + 1) * 1_000, waitingFor: all.waitingFor }
  if (all.counts.size > 0) return { error: plainError(`unexpected items still remain in namespace: ${key}`), waitingFor: all.waitingFor }
  const finalized = {
    ...current,
    spec: { ...current.spec, finalizers: (current.spec.finalizers ?? []).filter((token) => token !== finalizerToken) },
  }
  const written = yield* replace(finalized)
  return E.isLeft(written) && !isNotFound(written) ? { error: written.left } : {}
}

function* deleteFinalized(namespace: Namespace): Plan {
  const deleted = yield* remove(namespace, { preconditions: { uid: namespace.metadata.uid } })
  return E.isLeft(deleted) && !isNotFound(deleted) ? { error: deleted.left } : {}
}

interface Content {
  readonly counts: ReadonlyMap<string, number>
  readonly finalizers: ReadonlyMap<string, number>
  readonly estimateSeconds: number
  readonly error: ApiStatus | undefined
  readonly waitingFor: readonly Waiting[]
}

const merged = (one: Content, other: Content | undefined): Content =>
  other === undefined
    ? one
    : {
        counts: new Map([...one.counts, ...other.counts]),
        finalizers: new Map([...one.finalizers, ...other.finalizers]),
        estimateSeconds: Math.max(one.estimateSeconds, other.estimateSeconds),
        error: one.error ?? other.error,
        waitingFor: [...one.waitingFor, ...other.waitingFor],
      }

// Follows deleteAllContentForGroupVersionResource.
function* deleteContent({ key, reader }: PlanContext, resources: readonly ApiResource[], deletedForMs: number): Steps<Content> {
  const counts = new Map<string, number>()
  const finalizers = new Map<string, number>()
  const waitingFor: Waiting[] = []
  let estimateSeconds = 0
  let error: ApiStatus | undefined
  for (const { kind, plural, group } of resources) {
    const items = itemsOf(reader, kind, key)
    if (items.length === 0) continue
    const estimate = kind === 'Pod' ? graceOf(reader.list('Pod', key), deletedForMs) : 0
    const left: KubernetesObject[] = []
    for (const item of items) {
      const deleted = yield* remove(item, { propagationPolicy: 'Background' })
      if (E.isLeft(deleted)) {
        if (!isNotFound(deleted)) {
          error ??= deleted.left
          left.push(item)
        }
        continue
      }
      // What has a grace period or a finalizer is still there.
      const live = yield { kind: 'GetObject', target: { kind, namespace: key, name: item.metadata.name } }
      if (E.isRight(live) && live.right.metadata.uid === item.metadata.uid) left.push(live.right)
    }
    if (left.length === 0) continue
    counts.set(`${plural}.${group}`, left.length)
    for (const item of left) {
      for (const finalizer of item.metadata.finalizers ?? []) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1)
      waitingFor.push({
        kind: 'ContentRemains',
        on: `${kind} ${key}/${item.metadata.name}`,
        because: `Namespace ${key} goes when it is empty`,
      })
    }
    const hasFinalizers = left.some(({ metadata }) => (metadata.finalizers ?? []).length > 0)
    estimateSeconds = Math.max(estimateSeconds, estimate === 0 && hasFinalizers ? finalizerEstimateSeconds : estimate)
  }
  return { counts, finalizers, estimateSeconds, error, waitingFor }
}

const itemsOf = (reader: Reader, kind: string, namespace: string): readonly KubernetesObject[] => reader.listAny(kind, namespace)

/** The longest grace among the Pods; once twice that has passed, nobody can say. Follows estimateGracefulTermination. */
const graceOf = (pods: readonly Pod[], deletedForMs: number): number => {
  const grace = pods
    .filter((pod) => !isTerminal(pod))
    .reduce((longest, { spec }) => Math.max(longest, spec.terminationGracePeriodSeconds ?? 30), 0)
  return deletedForMs >= 2_000 * grace ? 0 : grace
}
