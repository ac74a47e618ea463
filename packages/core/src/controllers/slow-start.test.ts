import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import type { ApiStatus } from '../api/api-status.js'
import type { ApiResult } from '../cluster/api-commands.js'
import type { Choose } from '../kernel/choose.js'
import { slowStart } from './slow-start.js'
import { plainError, type Steps } from './steps.js'

const answer: ApiResult = E.right({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: '', uid: '', resourceVersion: '', creationTimestamp: '' },
})

function* call(index: number, steps: number, failing: boolean): Steps<ApiStatus | undefined> {
  for (let step = 0; step < steps; step += 1)
    yield { kind: 'GetObject', target: { kind: 'Pod', namespace: '', name: `${String(index)}.${String(step)}` } }
  return failing ? plainError(`call ${String(index)} failed`) : undefined
}

interface Case {
  readonly name: string
  readonly count: number
  readonly batchSizeMax?: number
  readonly steps?: number
  readonly failing?: readonly number[]
  readonly idle?: readonly number[]
  readonly choose?: Choose
  readonly order: string
  readonly successes: number
  readonly error?: string
}

const last: Choose = (_address, options) => options - 1

test.each<Case>([
  { name: 'nothing to do', count: 0, order: '', successes: 0 },
  { name: 'batches of 1, 2, 4', count: 7, choose: last, order: '0.0 2.0 1.0 6.0 5.0 4.0 3.0', successes: 7 },
  { name: 'the steps of a batch take turns', count: 3, steps: 2, order: '0.0 0.1 1.0 2.0 1.1 2.1', successes: 3 },
  { name: 'no batch is larger than the limit', count: 6, batchSizeMax: 2, choose: last, order: '0.0 2.0 1.0 4.0 3.0 5.0', successes: 6 },
  {
    name: 'a failure lets its batch end, and no other begin',
    count: 7,
    failing: [1],
    order: '0.0 1.0 2.0',
    successes: 2,
    error: 'call 1 failed',
  },
  {
    name: 'all failures of a batch are told',
    count: 3,
    failing: [1, 2],
    order: '0.0 1.0 2.0',
    successes: 1,
    error: '[call 1 failed, call 2 failed]',
  },
  { name: 'what needs no steps has no part in the order', count: 3, idle: [0, 1], choose: last, order: '2.0', successes: 3 },
])('$name', ({ count, batchSizeMax = 500, steps = 1, failing = [], idle = [], choose = () => 0, order, successes, error }) => {
  const run = slowStart({
    count,
    initialBatchSize: 1,
    batchSizeMax,
    call: (index) => (idle.includes(index) ? undefined : call(index, steps, failing.includes(index))),
    choose,
    address: 'test',
  })
  const seen: string[] = []
  let next = run.next()
  while (next.done !== true) {
    if (next.value.kind === 'GetObject') seen.push(next.value.target.name)
    next = run.next(answer)
  }
  expect(seen.join(' ')).toBe(order)
  expect(next.value.successes).toBe(successes)
  expect(next.value.error?.message).toBe(error)
})
