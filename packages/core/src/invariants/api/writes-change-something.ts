import { changedEventKinds } from '../../cluster/object-events.js'
import { asJson } from '../../cluster/decide-write.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { Invariant, Observation } from '../invariant.js'
import { carriesWrite, changeOf } from '../observed-change.js'

const name = 'api/writes-change-something'

/** A9 */
export const writesChangeSomething: Invariant = {
  name,
  promise: 'A write that changes nothing makes no event and no resourceVersion.',
  expectation: 'always',
  concerns: changedEventKinds,
  check: (observation) => {
    if (!carriesWrite(observation)) return undefined
    const change = changeOf(observation)
    if (change?.before === undefined || changesSomething(observation, asJson(change.before))) return undefined
    return {
      invariant: name,
      message: `${observation.recorded.event.kind} of ${change.path} changed nothing; expected no write at all`,
    }
  },
}

/** Mostly the first pointer shows it. */
const changesSomething = ({ recorded: { event } }: Observation, before: Json): boolean => {
  if ('set' in event && event.set !== undefined) {
    const { set } = event
    // A decoder has seen that these are plain JSON.
    for (const pointer of Object.keys(set)) if (!isSame(valueAt(before, pointer), set[pointer] as Json)) return true
  }
  return 'removed' in event && event.removed !== undefined && event.removed.some((pointer) => valueAt(before, pointer) !== undefined)
}

const isSame = (was: Json | undefined, is: Json): boolean => was === is || (was !== undefined && deepEqual(was, is))

const valueAt = (value: Json, pointer: string): Json | undefined => {
  let found: Json | undefined = value
  for (const part of pointer.split('/').slice(1)) {
    const key = part.includes('~') ? part.replaceAll('~1', '/').replaceAll('~0', '~') : part
    if (Array.isArray(found)) found = (found as readonly Json[])[Number(key)]
    else if (isJsonObject(found)) found = found[key]
    else return undefined
  }
  return found
}
