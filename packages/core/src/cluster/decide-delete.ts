/**
 * DELETE: grace, finalizers and what becomes of dependents. Follows BeforeDelete in apiserver/pkg/registry/rest/delete.go, Store.Delete in
 * apiserver/pkg/registry/generic/registry/store.go and CheckGracefulDelete in pkg/registry/core/pod/strategy.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import { conflict, forbidden, type ApiStatus } from '../api/api-status.js'
import type { Pod } from '../api/generated/types.js'
import type { KubernetesObject, ObjectRef } from '../api/object.js'
import { qualifiedResource } from '../api/resources.js'
import type { Mutable } from '../kernel/mutable.js'
import type { DecideContext } from '../kernel/decider.js'
import { extended } from '../kernel/extended.js'
import type { JsonObject } from '../kernel/json.js'
import { simTimeOf, timestampOf } from '../kernel/sim-time.js'
import type { DeleteOptions } from './api-commands.js'
import type { Decision } from './decide-create.js'
import { findTarget } from './decide-update.js'
import { asJson, asStored, changesOf, removalOf, withResourceVersion } from './decide-write.js'
import type { ClusterState } from './state.js'

const orphanFinalizer = 'orphan'
const foregroundFinalizer = 'foregroundDeletion'

// Follows Admit in apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
const immortalNamespaces: ReadonlySet<string> = new Set(['default', 'kube-public', 'kube-system'])

const checkPreconditions = (stored: KubernetesObject, options: DeleteOptions): E.Either<ApiStatus, undefined> => {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const refuse = (what: string, asked: string, found: string): E.Either<ApiStatus, undefined> =>
    E.left(
      conflict(
        qualifiedResource(stored.kind),
        stored.metadata.name,
        `the ${what} in the precondition (${asked}) does not match the ${what} in record (${found}). The object might have been ${what === 'UID' ? 'deleted and then recreated' : 'modified'}`,
      ),
    )
  if (uid !== undefined && uid !== stored.metadata.uid) return refuse('UID', uid, stored.metadata.uid)
  if (resourceVersion !== undefined && resourceVersion !== stored.metadata.resourceVersion)
    return refuse('ResourceVersion', resourceVersion, stored.metadata.resourceVersion)
  return E.right(undefined)
}

/** Follows deletionFinalizersForGarbageCollection: the policy asked for decides which of the two finalizers is there. */
const finalizersAfter = (stored: KubernetesObject, policy: DeleteOptions['propagationPolicy']): readonly string[] => {
  const had = stored.metadata.finalizers ?? []
  if (policy === undefined) return had
  const others = had.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer)
  if (policy === 'Orphan') return [...others, orphanFinalizer]
  if (policy === 'Foreground') return [...others, foregroundFinalizer]
  return others.length === had.length ? had : others
}

interface Grace {
  readonly seconds: number
  /** When it ends, as a timestamp. */
  readonly endsAt: string
  readonly isFirst: boolean
}

/** The grace of this deletion; undefined: the Pod is going already and this request changes nothing. */
const podGrace = (pod: Pod, options: DeleteOptions, context: DecideContext): Grace | undefined => {
  const terminal = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
  const wanted = options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30
  const seconds = (pod.spec.nodeName ?? '') === '' || terminal ? 0 : wanted < 0 ? 1 : wanted
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  if (deletionTimestamp === undefined) return { seconds, endsAt: timestampOf(context.now + seconds * 1_000), isFirst: true }
  // A later request may only shorten the grace.
  const running = deletionGracePeriodSeconds ?? 0
  const asked = options.gracePeriodSeconds === undefined && !terminal ? undefined : seconds
  if (asked === undefined || asked > running || (asked === running && asked > 0)) return undefined
  const since = (simTimeOf(deletionTimestamp) ?? context.now) - running * 1_000
  return { seconds: asked, endsAt: timestampOf(since + asked * 1_000), isFirst: false }
}

const withoutFinalizers = (metadata: KubernetesObject['metadata']): KubernetesObject['metadata'] => {
  if (metadata.finalizers === undefined) return metadata
  const { finalizers: _, ...rest } = metadata
  return rest
}

const marked = (stored: KubernetesObject, finalizers: readonly string[], grace: Grace): KubernetesObject => {
  const metadata = withoutFinalizers(stored.metadata)
  const own: Mutable<Partial<KubernetesObject['metadata']>> = {}
  if (finalizers.length > 0) own.finalizers = finalizers
  own.deletionTimestamp = grace.endsAt
  own.deletionGracePeriodSeconds = grace.seconds
  if (grace.isFirst && metadata.generation !== undefined) own.generation = metadata.generation + 1
  return { ...stored, metadata: extended(metadata, own) }
}

const terminatingNamespace = (namespace: KubernetesObject): KubernetesObject =>
  asStored({ ...asJson(namespace), status: { ...(asJson(namespace)['status'] as JsonObject | undefined), phase: 'Terminating' } })

export const decideDelete = (
  target: ObjectRef,
  options: DeleteOptions,
  state: ClusterState,
  context: DecideContext,
): E.Either<ApiStatus, Decision> => {
  const found = findTarget(target, state)
  if (E.isLeft(found)) return found
  const stored = found.right
  if (stored.kind === 'Namespace' && immortalNamespaces.has(stored.metadata.name))
    return E.left(forbidden('namespaces', stored.metadata.name, 'this namespace may not be deleted'))
  const allowed = checkPreconditions(stored, options)
  if (E.isLeft(allowed)) return allowed
  const rv = state.revision + 1
  const finalizers = finalizersAfter(stored, options.propagationPolicy)

  if (stored.kind === 'Pod') {
    const grace = podGrace(stored as Pod, options, context)
    if (grace === undefined) return E.right({ events: [], object: stored })
    const going = marked(stored, finalizers, grace)
    const events = changesOf(stored, going, rv, state)
    if (grace.seconds > 0 || finalizers.length > 0) return E.right({ events, object: going })
    // A Pod's removal is two writes: the mark with grace 0, then the removal.
    const gone = withResourceVersion(going, rv + 1)
    return E.right({ events: [...events, removalOf(going, events.length > 0 ? rv + 1 : rv)], object: gone })
  }

  const holds =
    stored.kind === 'Namespace' &&
    (((asJson(stored)['spec'] as JsonObject | undefined)?.['finalizers'] as readonly unknown[] | undefined)?.length ?? 0) > 0
  if (finalizers.length === 0 && !holds) return E.right({ events: [removalOf(stored, rv)], object: stored })
  if (stored.metadata.deletionTimestamp !== undefined && finalizers === (stored.metadata.finalizers ?? finalizers))
    return E.right({ events: [], object: stored })
  const isFirst = stored.metadata.deletionTimestamp === undefined
  const going = marked(stored, finalizers, { seconds: 0, endsAt: stored.metadata.deletionTimestamp ?? timestampOf(context.now), isFirst })
  const after = stored.kind === 'Namespace' ? terminatingNamespace(going) : going
  return E.right({ events: changesOf(stored, after, rv, state), object: after })
}
