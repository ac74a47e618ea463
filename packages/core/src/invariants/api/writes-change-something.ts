import { changedEventKinds } from '../../cluster/object-events.js'
import { asJson } from '../../cluster/decide-write.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'api/writes-change-something'

/** A9 */
export const writesChangeSomething: Invariant = {
  name,
  promise: 'A write that changes nothing makes no event and no resourceVersion.',
  expectation: 'always',
  concerns: changedEventKinds,
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.before === undefined || change.after === undefined) return undefined
    // A further fact of the same write.
    if (change.before.metadata.resourceVersion === change.after.metadata.resourceVersion) return undefined
    if (!isSameButForVersion(asJson(change.before), asJson(change.after))) return undefined
    return {
      invariant: name,
      message: `${observation.recorded.event.kind} of ${change.path} changed nothing; expected no write at all`,
    }
  },
}

/** A write keeps what it does not touch (`===`), so this ends at the first thing that it did. */
const isSameButForVersion = (before: Json, after: Json): boolean => {
  if (!isJsonObject(before) || !isJsonObject(after)) return false
  for (const key in after) if (key !== 'metadata' && !deepEqual(before[key], after[key])) return false
  const was = before['metadata']
  const is = after['metadata']
  if (!isJsonObject(was) || !isJsonObject(is)) return false
  for (const key in is) if (key !== 'resourceVersion' && !deepEqual(was[key], is[key])) return false
  // Nothing has gone, either.
  return Object.keys(before).length === Object.keys(after).length && Object.keys(was).length === Object.keys(is).length
}
