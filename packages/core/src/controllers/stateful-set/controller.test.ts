/** Which sets a Pod wakes when it becomes Ready. */
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { readerOf, initialState, withStore } from '../../cluster/state.js'
import { storeOf } from '../../cluster/store.js'
import { recordedClusterSettings } from '../../simulation/default-controllers.js'
import { aMember, aStatefulSet } from '../../testing/builders.js'
import type { Wake } from '../controller.js'
import { statefulSetController } from './controller.js'

const at = (pod: Pod, resourceVersion: string): Pod => ({ ...pod, metadata: { ...pod.metadata, resourceVersion } })

const wakesOf = (minReadySeconds: number, before: boolean, after: boolean): readonly Wake[] => {
  const set = aStatefulSet({ replicas: 1, minReadySeconds })
  const reader: Reader = readerOf(withStore(initialState(recordedClusterSettings), 'StatefulSet', storeOf([set])))
  const [old, object] = [at(aMember(set, 0, { ready: before }), '1'), at(aMember(set, 0, { ready: after }), '2')]
  return statefulSetController.watches.Pod?.({ type: 'MODIFIED', object, old }, reader) ?? []
}

// Follows updatePod in pkg/controller/statefulset/stateful_set.go.
describe('a Pod that becomes Ready', () => {
  it('wakes its set, and once more a second after minReadySeconds', () => {
    expect(wakesOf(4, false, true)).toEqual([{ key: 'default/web' }, { key: 'default/web', afterMs: 5_000 }])
  })

  it.each([
    ['without minReadySeconds', 0, false, true],
    ['when it was Ready before', 4, true, true],
    ['when it stops being Ready', 4, true, false],
  ])('wakes it only at once %s', (_, seconds, before, after) => {
    expect(wakesOf(seconds, before, after)).toEqual([{ key: 'default/web' }])
  })
})
