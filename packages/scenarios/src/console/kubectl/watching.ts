/** Watches: every change of a kind while simulated time passes. */
import type { KubernetesObject } from '@statefold/core'
import type { Call } from './command.js'
import type { WatchEvent } from './kubectl-cluster.js'
import type { ResourceType } from './resource-types.js'

const byKey = (objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> =>
  new Map(objects.map((object) => [`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]))

/** What changed between two lists; a name with a new uid was deleted and added. */
const changesBetween = (
  before: ReadonlyMap<string, KubernetesObject>,
  after: ReadonlyMap<string, KubernetesObject>,
): readonly WatchEvent[] => {
  const gone: WatchEvent[] = []
  for (const [key, object] of before) {
    if (after.get(key)?.metadata.uid !== object.metadata.uid) gone.push({ type: 'DELETED', object })
  }
  const come: WatchEvent[] = []
  for (const [key, object] of after) {
    const earlier = before.get(key)
    if (earlier === undefined || earlier.metadata.uid !== object.metadata.uid) come.push({ type: 'ADDED', object })
    else if (earlier.metadata.resourceVersion !== object.metadata.resourceVersion) come.push({ type: 'MODIFIED', object })
  }
  const versionOf = (event: WatchEvent): number => Number(event.object.metadata.resourceVersion)
  return [...gone, ...come.sort((a, b) => versionOf(a) - versionOf(b))]
}

/** Opens a watch now; each call of the answer gives what happened since the call before. */
export const openWatch = (call: Call, type: ResourceType, namespace: string | undefined): (() => readonly WatchEvent[]) => {
  const scope = type.namespaced ? namespace : undefined
  const own = call.cluster.watch?.(type.kind, scope)
  if (own !== undefined) return own
  const read = (): ReadonlyMap<string, KubernetesObject> => byKey(call.cluster.reader().listAny(type.kind, scope))
  let before = read()
  return () => {
    const after = read()
    const changes = changesBetween(before, after)
    before = after
    return changes
  }
}
