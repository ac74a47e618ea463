import { describe, expect, test } from 'vitest'
import type { OwnerReference, PersistentVolumeClaim, StatefulSet } from '../../api/generated/types.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { hasStalePodReference, isClaimOwnerUpToDate, withDesiredOwner } from './plan-claims.js'

const aSet = (whenDeleted: string, whenScaled: string): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web', namespace: 'default', uid: 'web-uid', resourceVersion: '1', creationTimestamp: timestampOf(0) },
  spec: {
    replicas: 1,
    selector: {},
    template: { spec: { containers: [] } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
  },
  status: { replicas: 0 },
})

const aClaim = (ownerReferences: readonly OwnerReference[]): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'www-web-0', namespace: 'default', uid: 'c', resourceVersion: '1', creationTimestamp: timestampOf(0), ownerReferences },
  spec: {},
  status: {},
})

const references = {
  set: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'web-uid', controller: true, blockOwnerDeletion: true },
  pod: { apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'pod-uid', controller: true, blockOwnerDeletion: true },
  condemned: { apiVersion: 'v1', kind: 'Pod', name: 'web-1', uid: 'pod-uid', controller: true, blockOwnerDeletion: true },
  plainSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'web-uid' },
  formerSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'former', controller: true },
  formerPod: { apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'former', controller: true },
  controller: { apiVersion: 'example.com/v1', kind: 'Backup', name: 'nightly', uid: 'b', controller: true },
  friend: { apiVersion: 'v1', kind: 'ConfigMap', name: 'friend', uid: 'f' },
} satisfies { readonly [name: string]: OwnerReference }
type Name = keyof typeof references

const inRange = { name: 'web-0', uid: 'pod-uid', ordinal: 0 }
const condemned = { name: 'web-1', uid: 'pod-uid', ordinal: 1 }

interface Case {
  readonly policy: readonly [whenDeleted: 'Retain' | 'Delete', whenScaled: 'Retain' | 'Delete']
  readonly pod: typeof inRange
  readonly owners: readonly Name[]
  /** Absent: up to date as it is. */
  readonly becomes?: readonly Name[]
}

// IsClaimOwnerUpToDate, ClaimOwnerUpToDateEdgeCases and UpdateClaimOwnerRefForSetAndPod.
const cases: readonly Case[] = [
  { policy: ['Retain', 'Retain'], pod: inRange, owners: [] },
  { policy: ['Retain', 'Retain'], pod: inRange, owners: ['set'], becomes: [] },
  { policy: ['Retain', 'Retain'], pod: inRange, owners: ['pod'], becomes: [] },
  { policy: ['Retain', 'Retain'], pod: condemned, owners: ['condemned'], becomes: [] },
  { policy: ['Retain', 'Retain'], pod: inRange, owners: ['controller'] },
  { policy: ['Delete', 'Retain'], pod: inRange, owners: [], becomes: ['set'] },
  { policy: ['Delete', 'Retain'], pod: inRange, owners: ['set'] },
  { policy: ['Delete', 'Retain'], pod: condemned, owners: ['set'] },
  { policy: ['Delete', 'Retain'], pod: inRange, owners: ['set', 'pod'], becomes: ['set'] },
  { policy: ['Retain', 'Delete'], pod: inRange, owners: [] },
  { policy: ['Retain', 'Delete'], pod: inRange, owners: ['pod'], becomes: [] },
  { policy: ['Retain', 'Delete'], pod: condemned, owners: [], becomes: ['condemned'] },
  { policy: ['Retain', 'Delete'], pod: condemned, owners: ['condemned'] },
  { policy: ['Retain', 'Delete'], pod: condemned, owners: ['set'], becomes: ['condemned'] },
  { policy: ['Delete', 'Delete'], pod: inRange, owners: ['pod'], becomes: ['set'] },
  { policy: ['Delete', 'Delete'], pod: inRange, owners: ['set'] },
  { policy: ['Delete', 'Delete'], pod: condemned, owners: ['set'], becomes: ['condemned'] },
  { policy: ['Delete', 'Delete'], pod: condemned, owners: ['condemned'] },
  // Others' references are kept; a reference of ours that lost its controller flag is restored.
  { policy: ['Delete', 'Retain'], pod: inRange, owners: ['friend'], becomes: ['friend', 'set'] },
  { policy: ['Delete', 'Retain'], pod: inRange, owners: ['plainSet'], becomes: ['set'] },
  // A foreign controller is left alone, without ours beside it.
  { policy: ['Delete', 'Retain'], pod: inRange, owners: ['controller'] },
  { policy: ['Delete', 'Retain'], pod: inRange, owners: ['controller', 'plainSet'], becomes: ['controller'] },
  // So is what belongs to a former set or Pod of the same name: the garbage collector will come for it.
  { policy: ['Delete', 'Retain'], pod: inRange, owners: ['formerSet'] },
  { policy: ['Retain', 'Retain'], pod: inRange, owners: ['formerSet'] },
  { policy: ['Delete', 'Delete'], pod: inRange, owners: ['formerPod'] },
  { policy: ['Delete', 'Delete'], pod: inRange, owners: ['formerPod', 'set'] },
]

test.each(cases)('$policy, $pod.name: $owners becomes $becomes', ({ policy, pod, owners, becomes }) => {
  const set = aSet(...policy)
  const claim = aClaim(owners.map((name) => references[name]))
  expect(isClaimOwnerUpToDate(claim, set, pod)).toBe(becomes === undefined)
  if (becomes === undefined) return
  const updated = withDesiredOwner(claim, set, pod)
  expect(updated.metadata.ownerReferences ?? []).toEqual(becomes.map((name) => references[name]))
  expect(isClaimOwnerUpToDate(updated, set, pod)).toBe(true)
})

describe('PodClaimIsStale', () => {
  test.each([
    { owners: [], uid: 'pod-uid', expected: false },
    { owners: ['pod'], uid: 'pod-uid', expected: false },
    { owners: ['formerPod'], uid: 'pod-uid', expected: true },
    { owners: ['pod'], uid: '', expected: true },
    { owners: ['set'], uid: '', expected: false },
  ] as const)('$owners, Pod uid "$uid": $expected', ({ owners, uid, expected }) => {
    expect(hasStalePodReference(aClaim(owners.map((name) => references[name])), { ...inRange, uid })).toBe(expected)
  })
})
