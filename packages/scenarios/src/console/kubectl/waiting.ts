/** Waiting inside a command: simulated time passes until something holds. */
import * as E from 'fp-ts/lib/Either.js'
import type { Call } from './command.js'
import { parseGoDuration } from './go-duration.js'
import type { ConsoleWait } from './kubectl-cluster.js'
import { openWatch } from './watching.js'
import { readObject } from './reading.js'
import type { ResourceType } from './resource-types.js'

/** True once `holds`, false at the deadline. */
export function* waitUntil(call: Call, deadline: number | undefined, holds: () => boolean): Generator<ConsoleWait, boolean, void> {
  for (;;) {
    if (holds()) return true
    if (deadline !== undefined && call.cluster.now() >= deadline) return false
    yield { kind: 'wait-for-change', atMost: deadline }
  }
}

/** Until when `--pod-running-timeout` has a command wait. */
export const podRunningDeadline = ({ cluster, flags }: Call): number => {
  const patience = parseGoDuration(flags.text('pod-running-timeout'))
  return cluster.now() + (E.isRight(patience) ? patience.right : 60_000)
}

/** True once the object of that uid is gone (or another stands in its place), false at the deadline. Follows IsDeleted in kubectl/pkg/cmd/wait/delete.go. */
export function* waitUntilGone(
  call: Call,
  type: ResourceType,
  namespace: string,
  name: string,
  uid: string,
  deadline: number | undefined,
): Generator<ConsoleWait, boolean, void> {
  const gone = (): boolean => readObject(call, type, namespace, name)?.metadata.uid !== uid
  if (gone()) return true
  const changes = openWatch(call, type, namespace)
  return yield* waitUntil(
    call,
    deadline,
    () => changes().some((event) => event.type === 'DELETED' && event.object.metadata.uid === uid) || gone(),
  )
}
