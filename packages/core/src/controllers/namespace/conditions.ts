/** What a terminating namespace tells about its content. Follows pkg/controller/namespace/deletion/status_condition_utils.go. */
import type { NamespaceCondition } from '../../api/generated/types.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'

export interface Remaining {
  /** `pods.`, `statefulsets.apps` → how many. */
  readonly resources: ReadonlyMap<string, number>
  /** Finalizer → on how many objects. */
  readonly finalizers: ReadonlyMap<string, number>
  readonly contentError: string | undefined
}

interface Finding {
  readonly type: string
  readonly ok: readonly [reason: string, message: string]
  readonly trouble: readonly [reason: string, message: string] | undefined
}

const listed = (counts: ReadonlyMap<string, number>, between: string): string =>
  [...counts]
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${between} ${count} resource instances`)
    .sort((one, other) => (one < other ? -1 : one > other ? 1 : 0))
    .join(', ')

const findingsOf = ({ resources, finalizers, contentError }: Remaining): readonly Finding[] => {
  const resourcesText = listed(resources, 'has')
  const finalizersText = listed(finalizers, 'in')
  return [
    { type: 'NamespaceDeletionDiscoveryFailure', ok: ['ResourcesDiscovered', 'All resources successfully discovered'], trouble: undefined },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      ok: ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
      trouble: undefined,
    },
    {
      type: 'NamespaceDeletionContentFailure',
      ok: ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
      trouble:
        contentError === undefined
          ? undefined
          : ['ContentDeletionFailed', `Failed to delete all resource types, 1 remaining: ${contentError}`],
    },
    {
      type: 'NamespaceContentRemaining',
      ok: ['ContentRemoved', 'All content successfully removed'],
      trouble: resourcesText === '' ? undefined : ['SomeResourcesRemain', `Some resources are remaining: ${resourcesText}`],
    },
    {
      type: 'NamespaceFinalizersRemaining',
      ok: ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
      trouble:
        finalizersText === ''
          ? undefined
          : ['SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${finalizersText}`],
    },
  ]
}

/** The same list when nothing new is to be told. */
export const conditionsAfter = (
  conditions: readonly NamespaceCondition[],
  remaining: Remaining,
  now: SimTime,
): readonly NamespaceCondition[] => {
  let changed = false
  const next = [...conditions]
  for (const { type, ok, trouble } of findingsOf(remaining)) {
    const [reason, message] = trouble ?? ok
    const status = trouble === undefined ? 'False' : 'True'
    const index = next.findIndex((condition) => condition.type === type)
    const known = next[index]
    if (known !== undefined && known.status === status && known.reason === reason && known.message === message) continue
    changed = true
    const since = known !== undefined && known.status === status ? known.lastTransitionTime : timestampOf(now)
    const condition: NamespaceCondition = {
      type,
      status,
      reason,
      message,
      ...(since === undefined ? undefined : { lastTransitionTime: since }),
    }
    if (known === undefined) next.push(condition)
    else next[index] = condition
  }
  return changed ? next : conditions
}
