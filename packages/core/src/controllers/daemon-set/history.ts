/** The versions of a DaemonSet's template, kept as ControllerRevisions that are named by the template's hash. Follows pkg/controller/daemon/update.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { ControllerRevision, DaemonSet, Pod } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { podTemplateHash } from '../../api/template-hash/pod-template-hash.js'
import type { Reader } from '../../cluster/reader.js'
import { isEqualRevision, proposeRevision, type ProposedRevision } from '../controller-history.js'
import { newControllerRef } from '../pod-from-template.js'
import { claimObjects } from '../claim-objects.js'
import { create, getLive, remove, replace } from '../requests.js'
import { refusalOf, type Steps } from '../steps.js'

export const hashLabel = 'controller-revision-hash'

export interface History {
  readonly current: ControllerRevision
  readonly old: readonly ControllerRevision[]
}

const proposedFor = ({ spec: { template } }: DaemonSet): ProposedRevision =>
  proposeRevision({ template, annotations: undefined, revision: 0, collisionCount: 0 })

export const hashOf = (revision: ControllerRevision): string => revision.metadata.labels?.[hashLabel] ?? ''

// Follows constructHistory.
export function* constructHistory(set: DaemonSet, reader: Reader): Steps<E.Either<ApiStatus, History>> {
  const { namespace = '' } = set.metadata
  const { claimed, error } = yield* claimObjects({
    owner: set,
    candidates: reader.list('ControllerRevision', namespace),
    matches: (revision) => selectorMatches(set.spec.selector, revision.metadata.labels),
  })
  if (error !== undefined) return E.left(error)
  const labelled: ControllerRevision[] = []
  for (const revision of claimed) {
    const answer = revision.metadata.labels?.[hashLabel] === undefined ? yield* withHashLabel(revision) : E.right(revision)
    if (E.isLeft(answer)) return answer
    labelled.push(answer.right)
  }
  const proposed = proposedFor(set)
  const matching = labelled.filter((revision) => isEqualRevision(revision, proposed))
  const old = labelled.filter((revision) => !matching.includes(revision))
  const number = old.reduce((highest, { revision }) => Math.max(highest, revision), 0) + 1
  if (matching.length === 0) {
    const created = yield* snapshot(set, number)
    return E.isLeft(created) ? created : E.right({ current: created.right, old })
  }
  const kept = yield* withoutDuplicates(set, matching, reader)
  if (E.isLeft(kept)) return kept
  if (kept.right.revision >= number) return E.right({ current: kept.right, old })
  const next = { ...kept.right, revision: number }
  const renumbered = yield* replace(next)
  return E.isLeft(renumbered) ? renumbered : E.right({ current: renumbered.right, old })
}

function* withHashLabel(revision: ControllerRevision): Steps<E.Either<ApiStatus, ControllerRevision>> {
  const labels = { ...revision.metadata.labels, [hashLabel]: revision.metadata.name }
  return yield* replace({ ...revision, metadata: { ...revision.metadata, labels } })
}

// Follows snapshot.
function* snapshot(set: DaemonSet, number: number): Steps<E.Either<ApiStatus, ControllerRevision>> {
  const { name, namespace = '', annotations } = set.metadata
  const hash = podTemplateHash(set.spec.template, set.status.collisionCount)
  const revisionName = `${name}-${hash}`
  const wanted = proposedFor(set)
  const proposed = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: revisionName,
      namespace,
      labels: { ...set.spec.template.metadata?.labels, [hashLabel]: hash },
      ...(annotations === undefined ? undefined : { annotations }),
      ownerReferences: [newControllerRef(set)],
    },
    data: wanted.content.data,
    revision: number,
  } as const
  const created = yield* create(proposed)
  if (E.isRight(created) || created.left.reason !== 'AlreadyExists') return created
  const existing = yield* getLive('ControllerRevision', namespace, revisionName)
  if (E.isLeft(existing)) return existing
  if (isEqualRevision(existing.right, wanted)) return existing
  // Another template has the same hash: the next name is made with a higher count.
  const live = yield* getLive('DaemonSet', namespace, name)
  if (E.isLeft(live)) return live
  const status = { ...live.right.status, collisionCount: (live.right.status.collisionCount ?? 0) + 1 }
  const next = { ...live.right, status }
  const counted = yield* replace(next, 'status')
  return E.isLeft(counted) ? counted : created
}

/** Of several revisions with the same template the highest stays; Pods of the others get its label. Follows dedupCurHistories. */
function* withoutDuplicates(
  set: DaemonSet,
  matching: readonly ControllerRevision[],
  reader: Reader,
): Steps<E.Either<ApiStatus, ControllerRevision>> {
  const kept = matching.reduce((highest, revision) => (revision.revision >= highest.revision ? revision : highest))
  for (const duplicate of matching) {
    if (duplicate === kept) continue
    for (const pod of reader.ownedBy('Pod', set.metadata.uid)) {
      if (pod.metadata.labels?.[hashLabel] === hashOf(kept)) continue
      const relabelled = yield* replace({
        ...pod,
        metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [hashLabel]: hashOf(kept) } },
      })
      if (E.isLeft(relabelled)) return relabelled
    }
    const refused = refusalOf(yield* remove(duplicate))
    if (refused !== undefined) return E.left(refused)
  }
  return E.right(kept)
}

/** Old revisions beyond the limit go, lowest number first, but none that a Pod still runs. Follows cleanupHistory. */
export function* cleanUpHistory(set: DaemonSet, old: readonly ControllerRevision[], pods: readonly Pod[]): Steps<ApiStatus | undefined> {
  let excess = old.length - (set.spec.revisionHistoryLimit ?? 10)
  if (excess <= 0) return undefined
  const live = new Set(pods.map((pod) => pod.metadata.labels?.[hashLabel]))
  for (const revision of [...old].sort((one, other) => one.revision - other.revision)) {
    if (excess <= 0) break
    if (live.has(hashOf(revision))) continue
    const refused = refusalOf(yield* remove(revision))
    if (refused !== undefined) return refused
    excess -= 1
  }
  return undefined
}
