import { describe, expect, test } from 'vitest'
import type { Pod, PodStatus } from '../../api/generated/types.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { availableAt, isActive, isAvailable, isNamedAfter, isReady, isRunningAndReady, ordinalOf, parentAndOrdinalOf } from './queries.js'

const aPod = (status: PodStatus, metadata: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: timestampOf(0), ...metadata },
  spec: { containers: [] },
  status,
})

const ready = (phase: PodStatus['phase'], status: string, since?: string): PodStatus => ({
  ...(phase === undefined ? {} : { phase }),
  conditions: [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Ready', status, ...(since === undefined ? {} : { lastTransitionTime: since }) },
  ],
})

describe('parent and ordinal (TestGetParentNameAndOrdinal)', () => {
  test.each([
    { name: 'web-1', parent: 'web', ordinal: 1 },
    { name: 'my-web-12', parent: 'my-web', ordinal: 12 },
    { name: 'web-01', parent: 'web', ordinal: 1 },
    { name: '-7', parent: '', ordinal: 7 },
    { name: 'web', parent: '', ordinal: -1 },
    { name: 'web-', parent: '', ordinal: -1 },
    { name: 'web-x', parent: '', ordinal: -1 },
    { name: 'web-1x', parent: '', ordinal: -1 },
    { name: 'web-2147483647', parent: 'web', ordinal: 2_147_483_647 },
    { name: 'web-2147483648', parent: 'web', ordinal: -1 },
  ])('$name', ({ name, parent, ordinal }) => {
    expect(parentAndOrdinalOf(name)).toEqual({ parent, ordinal })
    expect(ordinalOf(aPod({}, { name }))).toBe(ordinal)
  })

  test.each([
    { name: 'web-1', parent: 'web', expected: true },
    { name: 'web-1', parent: 'we', expected: false },
    { name: 'web-1', parent: 'wet', expected: false },
    { name: 'web-2-1', parent: 'web', expected: false },
    { name: 'web', parent: 'web', expected: false },
    { name: 'web-2147483648', parent: 'web', expected: true },
  ])('$name is named after $parent: $expected', ({ name, parent, expected }) => {
    expect(isNamedAfter(aPod({}, { name }), parent)).toBe(expected)
  })
})

describe('readiness and availability', () => {
  test.each([
    { status: ready('Running', 'True'), isReady: true, isRunningAndReady: true },
    { status: ready('Running', 'False'), isReady: false, isRunningAndReady: false },
    { status: ready('Pending', 'True'), isReady: true, isRunningAndReady: false },
    { status: {}, isReady: false, isRunningAndReady: false },
  ])('$status', ({ status, ...expected }) => {
    const pod = aPod(status)
    expect({ isReady: isReady(pod), isRunningAndReady: isRunningAndReady(pod) }).toEqual(expected)
  })

  test.each([
    { minReadySeconds: 0, since: undefined, now: 0, expected: true },
    { minReadySeconds: 1, since: undefined, now: 99_000, expected: false },
    { minReadySeconds: 3, since: 2_000, now: 4_999, expected: false },
    { minReadySeconds: 3, since: 2_000, now: 5_000, expected: true },
    // The condition has whole seconds: it says 2 s.
    { minReadySeconds: 3, since: 2_900, now: 5_000, expected: true },
  ])('Ready since $since, $minReadySeconds s wanted, at $now: $expected', ({ minReadySeconds, since, now, expected }) => {
    const pod = aPod(ready('Running', 'True', since === undefined ? undefined : timestampOf(since)))
    expect(isAvailable(pod, minReadySeconds, now)).toBe(expected)
  })

  test('a Pod that is not Ready never becomes available by waiting', () => {
    expect(availableAt(aPod(ready('Running', 'False', timestampOf(0))), 5)).toBeUndefined()
  })

  test.each([
    { phase: 'Running', terminating: false, expected: true },
    { phase: 'Pending', terminating: false, expected: true },
    { phase: 'Running', terminating: true, expected: false },
    { phase: 'Failed', terminating: false, expected: false },
    { phase: 'Succeeded', terminating: false, expected: false },
  ] as const)('$phase, terminating $terminating: active $expected', ({ phase, terminating, expected }) => {
    expect(isActive(aPod({ phase }, terminating ? { deletionTimestamp: timestampOf(0) } : {}))).toBe(expected)
  })
})
