/**
 * The history of a template: ControllerRevisions of one owner, in order, equal or not, created, numbered again, adopted, deleted.
 * Follows pkg/controller/history/controller_history.go. StatefulSets and DaemonSets keep theirs here.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import type { ControllerRevision, LabelSelector, PodTemplateSpec } from '../api/generated/types.js'
import { controllerRefOf, refOf, type KubernetesObject } from '../api/object.js'
import { selectorMatches } from '../api/label-selector.js'
import { controllerRevisionData, goJson, hashOfRevision } from '../api/template-hash/controller-revision-hash.js'
import type { Reader } from '../cluster/reader.js'
import { extended } from '../kernel/extended.js'
import { isJsonObject, type JsonObject } from '../kernel/json.js'
import { rememberedText } from '../kernel/remembered-text.js'
import { adopt } from './claim-objects.js'
import { newControllerRef } from './pod-from-template.js'
import { plainError, refusalOf, type Steps } from './steps.js'

const revisionHashLabel = 'controller.kubernetes.io/hash'

const collisionsMax = 100
const revisionUpdateAttemptsMax = 4
const ownerNameLengthMax = 223

/** What is compared and hashed: the text of the template, and the object that carries it. */
export interface RevisionContent {
  readonly text: string
  readonly data: JsonObject
}

const texts = new WeakMap<JsonObject, string>()
const templates = new WeakMap<JsonObject, PodTemplateSpec>()

const contentOf = rememberedText((text): RevisionContent => {
  const data: unknown = JSON.parse(text)
  if (!isJsonObject(data)) throw new TypeError('a revision is a JSON object')
  texts.set(data, text)
  return { text, data }
})

const textOf = (revision: ControllerRevision): string => {
  const { data } = revision
  if (data === undefined) return ''
  const known = texts.get(data)
  if (known !== undefined) return known
  const text = goJson(data)
  texts.set(data, text)
  return text
}

/** The template that a revision keeps. Follows ApplyRevision in pkg/controller/statefulset/stateful_set_utils.go. */
export const templateOf = (revision: ControllerRevision, otherwise: PodTemplateSpec): PodTemplateSpec => {
  const { data } = revision
  if (data === undefined) return otherwise
  const known = templates.get(data)
  if (known !== undefined) return known
  const spec = data['spec']
  const kept = isJsonObject(spec) ? spec['template'] : undefined
  if (!isJsonObject(kept)) return otherwise
  const { $patch: _replace, ...template } = kept
  // A revision's data was a template when the revision was made.
  const typed = template as unknown as PodTemplateSpec
  templates.set(data, typed)
  return typed
}

/** By number, then age, then name. Follows byRevision and SortControllerRevisions. */
const byRevision = (left: ControllerRevision, right: ControllerRevision): number => {
  if (left.revision !== right.revision) return left.revision - right.revision
  const [older, newer] = [left.metadata.creationTimestamp, right.metadata.creationTimestamp]
  if (older !== newer) return older < newer ? -1 : 1
  return left.metadata.name < right.metadata.name ? -1 : left.metadata.name > right.metadata.name ? 1 : 0
}

export const sortedRevisions = (revisions: readonly ControllerRevision[]): readonly ControllerRevision[] =>
  revisions.length < 2 ? revisions : [...revisions].sort(byRevision)

/** What the owner controls, and what matches and nobody controls. Follows ListControllerRevisions. */
export const listControllerRevisions = (reader: Reader, owner: KubernetesObject, selector: LabelSelector): readonly ControllerRevision[] =>
  reader.list('ControllerRevision', owner.metadata.namespace ?? '').filter((revision) => {
    const controller = controllerRefOf(revision)
    return (controller === undefined || controller.uid === owner.metadata.uid) && selectorMatches(selector, revision.metadata.labels)
  })

/** One more than the highest; 1 for the first. The list is sorted. Follows nextRevision in stateful_set_utils.go. */
export const nextRevision = (sorted: readonly ControllerRevision[]): number => (sorted[sorted.length - 1]?.revision ?? 0) + 1

const hashNumberOf = (hash: string | undefined): number | undefined => {
  if (hash === undefined || !/^[+-]?\d+$/.test(hash)) return undefined
  const number = Number(hash)
  return number >= -2_147_483_648 && number <= 2_147_483_647 ? number : undefined
}

/** A revision before it is stored: what EqualRevision and the creation need to know of it. */
export interface ProposedRevision {
  readonly content: RevisionContent
  readonly hash: string
  readonly labels: { readonly [key: string]: string }
  readonly annotations: { readonly [key: string]: string } | undefined
  readonly revision: number
}

/** Follows EqualRevision: differing hash labels count only when both are decimal numbers; then the data decide. */
export const isEqualRevision = (revision: ControllerRevision, proposed: ProposedRevision): boolean => {
  if (textOf(revision) !== proposed.content.text) return false
  const left = hashNumberOf(revision.metadata.labels?.[revisionHashLabel])
  const right = hashNumberOf(proposed.hash)
  return left === undefined || right === undefined || left === right
}

export const haveEqualData = (left: ControllerRevision, right: ControllerRevision): boolean =>
  left === right || textOf(left) === textOf(right)

const revisionNameOf = (owner: KubernetesObject, hash: string): string => `${owner.metadata.name.slice(0, ownerNameLengthMax)}-${hash}`

export interface ProposeRevision {
  readonly template: PodTemplateSpec
  readonly annotations: { readonly [key: string]: string } | undefined
  readonly revision: number
  readonly collisionCount: number
}

type Named = Pick<ProposedRevision, 'content' | 'hash' | 'labels'> & { readonly collisionCount: number }

// A template never changes, and every sync asks for its hash.
const named = new WeakMap<PodTemplateSpec, Named>()

const nameOf = (template: PodTemplateSpec, collisionCount: number): Named => {
  const known = named.get(template)
  if (known?.collisionCount === collisionCount) return known
  const content = known?.content ?? contentOf(controllerRevisionData(template))
  const hash = hashOfRevision(content.text, collisionCount)
  const labels = extended(template.metadata?.labels ?? {}, { [revisionHashLabel]: hash })
  const answer = { content, collisionCount, hash, labels }
  named.set(template, answer)
  return answer
}

/** Follows newRevision in stateful_set_utils.go and NewControllerRevision. */
export const proposeRevision = ({ template, annotations, revision, collisionCount }: ProposeRevision): ProposedRevision => {
  const { content, hash, labels } = nameOf(template, collisionCount)
  return { content, hash, labels, annotations, revision }
}

export interface CreatedRevision {
  readonly revision: ControllerRevision
  readonly collisionCount: number
}

/**
 * Stores a revision under the name that its hash gives. When the name is taken by the same data, that one is used; when by other data, the
 * collision count goes up and the name (only the name) is made anew. Follows CreateControllerRevision.
 */
export function* createControllerRevision(
  owner: KubernetesObject,
  proposed: ProposedRevision,
  collisionCount: number,
): Steps<E.Either<ApiStatus, CreatedRevision>> {
  const namespace = owner.metadata.namespace ?? ''
  for (let count = collisionCount; count < collisionCount + collisionsMax; count += 1) {
    const name = revisionNameOf(owner, count === collisionCount ? proposed.hash : hashOfRevision(proposed.content.text, count))
    const { data } = proposed.content
    const metadata = {
      name,
      namespace,
      labels: proposed.labels,
      ...(proposed.annotations === undefined ? undefined : { annotations: proposed.annotations }),
      ownerReferences: [newControllerRef(owner)],
    }
    const unstored = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, data, revision: proposed.revision }
    const answer = yield { kind: 'CreateObject', object: unstored }
    if (E.isRight(answer)) return E.right({ revision: answer.right as ControllerRevision, collisionCount: count })
    if (answer.left.reason !== 'AlreadyExists') return answer
    const live = yield { kind: 'GetObject', target: { kind: 'ControllerRevision', namespace, name } }
    if (E.isLeft(live)) return live
    const existing = live.right as ControllerRevision
    if (textOf(existing) === proposed.content.text) return E.right({ revision: existing, collisionCount: count })
  }
  return E.left(
    plainError(`no free name for a revision of ${owner.kind} ${namespace}/${owner.metadata.name} in ${String(collisionsMax)} attempts`),
  )
}

/**
 * Gives a revision a new number: how a rollback makes an old one the newest. A conflict is tried again with what the cache shows then.
 * Follows UpdateControllerRevision.
 */
export function* updateControllerRevision(
  reader: Reader,
  revision: ControllerRevision,
  number: number,
): Steps<E.Either<ApiStatus, ControllerRevision>> {
  let latest = revision
  for (let attempt = 1; ; attempt += 1) {
    if (latest.revision === number) return E.right(latest)
    const renumbered: ControllerRevision = { ...latest, revision: number }
    const answer = yield { kind: 'ReplaceObject', object: renumbered }
    if (E.isRight(answer)) return E.right(answer.right as ControllerRevision)
    const cached = reader.get('ControllerRevision', revision.metadata.namespace ?? '', revision.metadata.name)
    const hasMoved = cached !== undefined && cached.metadata.resourceVersion !== latest.metadata.resourceVersion
    if (answer.left.reason !== 'Conflict' || !hasMoved || attempt >= revisionUpdateAttemptsMax) return answer
    latest = cached
  }
}

export function* deleteControllerRevision(revision: ControllerRevision): Steps<ApiStatus | undefined> {
  return refusalOf(yield { kind: 'DeleteObject', target: refOf(revision), options: {} })
}

/** Follows AdoptControllerRevision: what has a controller already is not taken. */
export function* adoptControllerRevision(
  owner: KubernetesObject,
  revision: ControllerRevision,
): Steps<E.Either<ApiStatus, ControllerRevision>> {
  const controller = controllerRefOf(revision)
  if (controller !== undefined) return E.left(plainError(`attempt to adopt revision owned by ${controller.kind} ${controller.name}`))
  return yield* adopt(owner, revision)
}
