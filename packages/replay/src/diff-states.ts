/** Two states compared by object: what was added, removed and changed. */
import { differenceOf, entriesOf, type ClusterState, type JsonObject, type KubernetesObject } from '@statefold/core'

export interface ObjectDifference {
  /** `Pod/default/web-0` */
  readonly object: string
  readonly change: 'added' | 'removed' | 'changed'
  /** JSON Pointers with before and after, for changed objects. */
  readonly fields: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[]
}

// Stored objects are plain JSON.
const asJson = (object: KubernetesObject): JsonObject => object as unknown as JsonObject

const valueAt = (object: JsonObject, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null
          ? (value as Readonly<Record<string, unknown>>)[key.replaceAll('~1', '/').replaceAll('~0', '~')]
          : undefined,
      object,
    )

const objectsOf = (state: ClusterState): ReadonlyMap<string, KubernetesObject> =>
  new Map(
    entriesOf(state.stores).flatMap(([kind, store]) =>
      entriesOf(store.objects).map(([key, object]): [string, KubernetesObject] => [
        `${kind}/${key.includes('/') ? key : `/${key}`}`,
        object,
      ]),
    ),
  )

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** What changes without anything having happened: versions and heartbeats. */
const isQuiet = (path: string): boolean =>
  path === '/metadata/resourceVersion' || path.endsWith('/lastHeartbeatTime') || path === '/spec/renewTime'

const changed = (object: string, before: KubernetesObject, after: KubernetesObject): ObjectDifference | undefined => {
  if (before === after) return undefined
  const { set, removed } = differenceOf(asJson(before), asJson(after))
  const fields = [...Object.keys(set), ...removed]
    .filter((path) => !isQuiet(path))
    .sort(byText)
    .map((path) => ({ path, before: valueAt(asJson(before), path), after: set[path] }))
  return fields.length === 0 ? undefined : { object, change: 'changed', fields }
}

/** Ordered by object. Secrets' data is never among the fields. */
export const diffStates = (before: ClusterState, after: ClusterState): readonly ObjectDifference[] => {
  const [olds, news] = [objectsOf(before), objectsOf(after)]
  const names = [...new Set([...olds.keys(), ...news.keys()])].sort(byText)
  return names.flatMap((name): readonly ObjectDifference[] => {
    const [old, next] = [olds.get(name), news.get(name)]
    if (old === undefined) return [{ object: name, change: 'added', fields: [] }]
    if (next === undefined) return [{ object: name, change: 'removed', fields: [] }]
    const difference = changed(name, old, next)
    if (difference === undefined) return []
    return [
      name.startsWith('Secret/')
        ? { ...difference, fields: difference.fields.filter(({ path }) => !path.startsWith('/data') && !path.startsWith('/stringData')) }
        : difference,
    ]
  })
}
