import { isJsonObject, type Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import { changedEventKinds } from '../../cluster/object-events.js'
import { asJson } from '../../cluster/decide-write.js'
import type { Invariant } from '../invariant.js'
import { carriesWrite, changeOf, touchedBy } from '../observed-change.js'

const name = 'api/writes-change-something'

/** A9 */
export const writesChangeSomething: Invariant = {
  name,
  promise: 'A write that changes nothing makes no event and no resourceVersion.',
  expectation: 'always',
  concerns: changedEventKinds,
  check: (observation) => {
    if (!carriesWrite(observation)) return undefined
    if (touchedBy(observation).length > 0) {
      const change = changeOf(observation)
      if (change?.before === undefined || change.after === undefined) return undefined
      if (!sameBesidesVersion(change.before, change.after)) return undefined
    }
    return {
      invariant: name,
      message: `${observation.recorded.event.kind} of ${changeOf(observation)?.path ?? ''} changed nothing; expected no write at all`,
    }
  },
}

/** Parts that share their structure are equal at once. */
const sameBesidesVersion = (before: object, after: object): boolean => {
  const [left, right] = [asJson(before), asJson(after)]
  const keys = Object.keys(right)
  return (
    keys.length === Object.keys(left).length &&
    keys.every((key) => {
      const [was, is] = [left[key], right[key]]
      if (was === is) return true
      if (was === undefined || is === undefined) return false
      return key === 'metadata' ? deepEqual(withoutVersion(was), withoutVersion(is)) : deepEqual(was, is)
    })
  )
}

const withoutVersion = (metadata: Json): Json => (isJsonObject(metadata) ? { ...metadata, resourceVersion: '' } : metadata)
