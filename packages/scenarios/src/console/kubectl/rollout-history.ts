/** The revisions of a StatefulSet, DaemonSet or Deployment. Follows kubectl/pkg/polymorphichelpers/history.go. */
import type { JsonObject, KubernetesObject } from '@statefold/core'
import { selectorMatches } from '@statefold/core'
import type { Call } from './command.js'
import { fail } from './errors.js'
import { at, jsonOf, numberAt, objectAt, textAt, textsAt, withField } from './json-object.js'
import type { Item } from './resource-arguments.js'

export interface Revision {
  readonly number: number
  /** The ControllerRevision or the ReplicaSet that keeps it. */
  readonly keeper: JsonObject
  /** The workload's template at that revision. */
  readonly template: JsonObject
  readonly changeCause: string
}

export const changeCauseName = 'kubernetes.io/change-cause'
export const revisionAnnotation = 'deployment.kubernetes.io/revision'

const selects = (item: Item, object: KubernetesObject): boolean => {
  // The stored workload's selector is a LabelSelector.
  const selector = objectAt(jsonOf(item.object), 'spec', 'selector')
  return selectorMatches(selector, object.metadata.labels ?? {})
}

const controls = (item: Item, object: KubernetesObject): boolean =>
  object.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === item.object.metadata.uid) === true

const withoutPatchMark = (template: JsonObject): JsonObject => {
  const { $patch: _mark, ...rest } = template
  return rest
}

/** All revisions, ascending. */
export const revisionsOf = (call: Call, item: Item): readonly Revision[] => {
  const reader = call.cluster.reader()
  const inOrder = (a: Revision, b: Revision): number => a.number - b.number
  if (item.type.kind === 'Deployment') {
    return reader
      .listAny('ReplicaSet', item.namespace)
      .filter((set) => controls(item, set))
      .flatMap((set) => {
        const keeper = jsonOf(set)
        const number = Number(textsAt(keeper, 'metadata', 'annotations')[revisionAnnotation])
        return Number.isInteger(number)
          ? [
              {
                number,
                keeper,
                template: objectAt(keeper, 'spec', 'template'),
                changeCause: textAt(keeper, 'metadata', 'annotations', changeCauseName),
              },
            ]
          : []
      })
      .sort(inOrder)
  }
  if (item.type.kind === 'StatefulSet' || item.type.kind === 'DaemonSet') {
    return reader
      .listAny('ControllerRevision', item.namespace)
      .filter((revision) => selects(item, revision) && controls(item, revision))
      .map((revision) => {
        const keeper = jsonOf(revision)
        return {
          number: numberAt(keeper, 'revision'),
          keeper,
          template: withoutPatchMark(objectAt(keeper, 'data', 'spec', 'template')),
          changeCause: textAt(keeper, 'metadata', 'annotations', changeCauseName),
        }
      })
      .sort(inOrder)
  }
  return fail(
    `no history viewer has been implemented for ${JSON.stringify(item.type.group === '' ? item.type.kind : `${item.type.kind}.${item.type.group}`)}`,
  )
}

/** The workload as it was at that revision (a Deployment's history shows the ReplicaSet). */
export const objectAtRevision = (item: Item, revision: Revision): JsonObject =>
  item.type.kind === 'Deployment' ? revision.keeper : withField(jsonOf(item.object), ['spec', 'template'], revision.template)

export const templateLabelsWithoutHash = (template: JsonObject): JsonObject => {
  const labels = objectAt(template, 'metadata', 'labels')
  if (at(labels, 'pod-template-hash') === undefined) return template
  const { 'pod-template-hash': _hash, ...rest } = labels
  return withField(template, ['metadata', 'labels'], rest)
}
