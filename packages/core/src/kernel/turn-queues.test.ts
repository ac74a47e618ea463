import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyMap, entriesOf, getAt, removeAt, setAt } from './persistent-map.js'
import { makeTurnQueues, type WorkQueues } from './turn-queues.js'
import { emptyQueue, entryOf, makeEntry, withEntry, type WorkQueue } from './work-queue.js'

const entryAt = (dueAt: number | undefined) => makeEntry(dueAt, undefined, undefined, undefined, undefined, undefined, undefined)
const contentOf = (queues: WorkQueues) => entriesOf(queues).map(([controller, queue]) => [controller, entriesOf(queue)] as const)

const action = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      controller: fc.constantFrom('a', 'b'),
      key: fc.nat({ max: 15 }).map((number) => `default/web-${number}`),
      dueAt: fc.option(fc.nat({ max: 9 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), controller: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
)

describe('the work queues of a turn', () => {
  test('are in the end, and show on the way, what putting each entry at once gives', () =>
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 60 }), (actions) => {
        const queues = makeTurnQueues(emptyMap<WorkQueue>())
        let model: WorkQueues = emptyMap<WorkQueue>()
        for (const step of actions) {
          if (step.kind === 'settle') queues.settle()
          else if (step.kind === 'forget') {
            queues.forget(step.controller)
            model = removeAt(model, step.controller)
          } else {
            const entry = entryAt(step.dueAt)
            queues.put(step.controller, step.key, entry)
            model = setAt(model, step.controller, withEntry(getAt(model, step.controller) ?? emptyQueue, step.key, entry))
            expect(queues.entryOf(step.controller, step.key)).toEqual(entryOf(getAt(model, step.controller) ?? emptyQueue, step.key))
          }
        }
        expect(contentOf(queues.settle())).toEqual(contentOf(model))
      }),
    ))

  test('go on from other queues with nothing left over', () => {
    const queues = makeTurnQueues(emptyMap<WorkQueue>())
    queues.put('a', 'default/web-0', entryAt(3))
    queues.load(emptyMap<WorkQueue>())
    expect(contentOf(queues.settle())).toEqual([])
  })
})
