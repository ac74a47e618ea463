import type { Invariant } from '../invariant.js'
import { changeOf, touchedBy } from '../observed-change.js'

const name = 'api/stateful-set-spec-is-mostly-fixed'
const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
  'revisionHistoryLimit',
]

/** A8. Follows ValidateStatefulSetUpdate in pkg/apis/apps/validation/validation.go. */
export const statefulSetSpecIsMostlyFixed: Invariant = {
  name,
  promise: 'Of the spec of a StatefulSet only seven fields ever change.',
  expectation: 'always',
  concerns: ['StatefulSetScaled', 'StatefulSetTemplateChanged', 'StatefulSetChanged', 'StatefulSetDeletionRequested'],
  fields: ['/spec/'],
  check: (observation) => {
    const fixed = touchedBy(observation).find((pointer) => {
      if (!pointer.startsWith('/spec/')) return false
      const end = pointer.indexOf('/', 6)
      return !mutable.includes(end < 0 ? pointer.slice(6) : pointer.slice(6, end))
    })
    if (fixed === undefined) return undefined
    return {
      invariant: name,
      message: `${changeOf(observation)?.path ?? ''} had ${fixed} changed by ${observation.recorded.actor}; expected 422: only ${mutable.join(', ')} may change`,
    }
  },
}
