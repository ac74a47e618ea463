/**
 * Which revisions the set is at: the template of the spec becomes the update revision (an old one with a new number, or a new one), and the
 * status tells the current one. Old ones beyond the limit are deleted at the end.
 * Follows getStatefulSetRevisions and truncateHistory in stateful_set_control.go, and adoptOrphanRevisions in stateful_set.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { ControllerRevision, Pod, StatefulSet } from '../../api/generated/types.js'
import { controllerRefOf } from '../../api/object.js'
import {
  adoptControllerRevision,
  createControllerRevision,
  deleteControllerRevision,
  haveEqualData,
  isEqualRevision,
  listControllerRevisions,
  nextRevision,
  proposeRevision,
  sortedRevisions,
  templateOf,
  updateControllerRevision,
} from '../controller-history.js'
import { recheckOwner } from '../claim-objects.js'
import { wrapError, type Steps } from '../steps.js'
import { podRevisionOf, type Versions } from './identity.js'
import type { Sync } from './sync.js'

const revisionHistoryLimitDefault = 10

/**
 * All revisions of the set, sorted, with the orphans among them adopted. No orphan is taken by a set that is being deleted, or that was deleted
 * and made again: then the sync fails.
 */
export function* adoptOrphanRevisions({ context, set }: Sync): Steps<E.Either<ApiStatus, readonly ControllerRevision[]>> {
  const revisions = listControllerRevisions(context.reader, set, set.spec.selector)
  if (revisions.every((revision) => controllerRefOf(revision) !== undefined)) return E.right(sortedRevisions(revisions))
  const recheckError = yield* recheckOwner(set)
  if (recheckError !== undefined) return E.left(wrapError(`can't adopt ControllerRevisions: `, recheckError))
  const adopted: ControllerRevision[] = []
  for (const revision of revisions) {
    if (controllerRefOf(revision) !== undefined) {
      adopted.push(revision)
      continue
    }
    const answer = yield* adoptControllerRevision(set, revision)
    if (E.isLeft(answer)) return answer
    adopted.push(answer.right)
  }
  return E.right(sortedRevisions(adopted))
}

export interface KnownVersions extends Versions {
  readonly collisionCount: number
}

/** Follows getStatefulSetRevisions. `revisions` is sorted; what is current is looked for among those that were there before. */
export function* planRevisions(
  { context, set }: Sync,
  revisions: readonly ControllerRevision[],
): Steps<E.Either<ApiStatus, KnownVersions>> {
  const collisionCount = set.status.collisionCount ?? 0
  const { annotations } = set.metadata
  const proposed = proposeRevision({ template: set.spec.template, annotations, revision: nextRevision(revisions), collisionCount })
  const newest = revisions[revisions.length - 1]
  const equal = revisions.findLast((revision) => isEqualRevision(revision, proposed))
  if (newest !== undefined && equal !== undefined && haveEqualData(newest, equal))
    return E.right(versionsOf(set, revisions, newest, collisionCount))
  if (equal !== undefined) {
    const renumbered = yield* updateControllerRevision(context.reader, equal, proposed.revision)
    return E.isLeft(renumbered) ? renumbered : E.right(versionsOf(set, revisions, renumbered.right, collisionCount))
  }
  // The gate StatefulSetSemanticRevisionComparison would first ask whether the newest, written anew, is equal: here it always would be.
  const created = yield* createControllerRevision(set, proposed, collisionCount)
  return E.isLeft(created) ? created : E.right(versionsOf(set, revisions, created.right.revision, created.right.collisionCount))
}

const versionsOf = (
  set: StatefulSet,
  revisions: readonly ControllerRevision[],
  update: ControllerRevision,
  collisionCount: number,
): KnownVersions => {
  const current = revisions.find((revision) => revision.metadata.name === set.status.currentRevision) ?? update
  // The update revision keeps what the set says now: Pods share that.
  const { template } = set.spec
  const currentTemplate = current.metadata.name === update.metadata.name ? template : templateOf(current, template)
  return { current, update, currentTemplate, updateTemplate: template, collisionCount }
}

/**
 * Deletes the oldest revisions that nothing uses until the limit is kept. A negative limit keeps all. Runs at the end of every sync, also of
 * one that failed. The list is that of the sync's beginning.
 */
export function* truncateHistory(
  set: StatefulSet,
  pods: readonly Pod[],
  revisions: readonly ControllerRevision[],
  versions: Versions | undefined,
): Steps<ApiStatus | undefined> {
  const limit = set.spec.revisionHistoryLimit ?? revisionHistoryLimitDefault
  if (limit < 0 || revisions.length <= limit) return undefined
  const former = revisions.filter((revision) => !isVersion(versions, revision))
  if (former.length <= limit) return undefined
  const live = new Set(pods.map(podRevisionOf))
  const history = former.filter((revision) => !live.has(revision.metadata.name))
  for (const revision of history.slice(0, Math.max(history.length - limit, 0))) {
    const error = yield* deleteControllerRevision(revision)
    if (error !== undefined) return error
  }
  return undefined
}

const isVersion = (versions: Versions | undefined, { metadata: { name } }: ControllerRevision): boolean =>
  versions !== undefined && (name === versions.current.metadata.name || name === versions.update.metadata.name)
