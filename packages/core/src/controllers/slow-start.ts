/**
 * Many calls side by side, carefully at first: batches of 1, 2, 4, … A batch whose calls fail is the last one.
 *
 * The calls of a batch run at the same time. Here each takes one step in its turn (all claims are created before the first Pod is), and who
 * comes first is a choice; index 0 everywhere keeps the given order.
 */
import type { ApiStatus } from '../api/api-status.js'
import type { ApiResult } from '../cluster/api-commands.js'
import type { ClusterCommand } from '../cluster/commands.js'
import type { Choose } from '../kernel/choose.js'
import { aggregateErrors, type Steps } from './steps.js'

export interface SlowStart {
  readonly count: number
  readonly initialBatchSize: number
  readonly batchSizeMax: number
  /** What is to be done for one; undefined when that is known to be nothing. The steps end with an error or with undefined. */
  readonly call: (index: number) => Steps<ApiStatus | undefined> | undefined
  readonly choose: Choose
  /** What the order of a batch is chosen for, unique in the run: `default/web@1200/create`. */
  readonly address: string
}

export interface SlowStartOutcome {
  readonly successes: number
  readonly error: ApiStatus | undefined
}

interface RunningCall {
  readonly steps: Steps<ApiStatus | undefined>
  command: ClusterCommand
}

// Follows slowStartBatch in pkg/controller/statefulset/stateful_set_control.go and in pkg/controller/replicaset/replica_set.go.
export function* slowStart(request: SlowStart): Steps<SlowStartOutcome> {
  const { count, initialBatchSize, batchSizeMax, call, choose, address } = request
  let successes = 0
  let begin = 0
  let batchSize = Math.min(count, initialBatchSize)
  while (batchSize > 0) {
    const errors: ApiStatus[] = []
    const running: RunningCall[] = []
    for (let index = begin; index < begin + batchSize; index += 1) {
      const steps = call(index)
      if (steps === undefined) continue
      const first = steps.next(undefined as unknown as ApiResult) // a generator ignores what its first `next` is given
      if (first.done !== true) running.push({ steps, command: first.value })
      else if (first.value !== undefined) errors.push(first.value)
    }
    yield* takeTurns(inChosenOrder(running, choose, `${address}/${String(begin)}`), errors)
    successes += batchSize - errors.length
    if (errors.length > 0) return { successes, error: aggregateErrors(errors) }
    begin += batchSize
    batchSize = Math.min(2 * batchSize, count - begin, batchSizeMax)
  }
  return { successes, error: undefined }
}

const inChosenOrder = (calls: readonly RunningCall[], choose: Choose, address: string): readonly RunningCall[] => {
  if (calls.length < 2) return calls
  const rest = [...calls]
  const ordered: RunningCall[] = []
  while (rest.length > 1) {
    const [next] = rest.splice(choose({ stream: 'controller/batch-order', key: `${address}#${String(ordered.length)}` }, rest.length), 1)
    if (next !== undefined) ordered.push(next)
  }
  return [...ordered, ...rest]
}

function* takeTurns(calls: readonly RunningCall[], errors: ApiStatus[]): Steps<void> {
  let active = calls
  while (active.length > 0) {
    const stillActive: RunningCall[] = []
    for (const call of active) {
      const answer = yield call.command
      const next = call.steps.next(answer)
      if (next.done !== true) {
        call.command = next.value
        stillActive.push(call)
      } else if (next.value !== undefined) errors.push(next.value)
    }
    active = stillActive
  }
}
