import { expect, test } from 'vitest'
import type { OwnerReference, Pod } from '../api/generated/types.js'
import { conflict, forbidden, invalid, notFound, type ApiStatus } from '../api/api-status.js'
import type { KubernetesObject } from '../api/object.js'
import { timestampOf } from '../kernel/sim-time.js'
import { FakeApi } from '../testing/fake-api.js'
import { newControllerRef } from './pod-from-template.js'
import { claimObjects } from './claim-objects.js'

const anOwner = (deletionTimestamp?: string): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'owner',
    resourceVersion: '1',
    creationTimestamp: timestampOf(0),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  },
})

const aPod = (app: string, owner: OwnerReference | undefined, deletionTimestamp?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'pod',
    namespace: 'default',
    uid: 'pod-uid',
    resourceVersion: '1',
    creationTimestamp: timestampOf(0),
    labels: { app },
    ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  },
  spec: { containers: [] },
  status: {},
})

const ours = newControllerRef(anOwner())
const theirs = { ...ours, uid: 'somebody else' }
const now = timestampOf(0)

interface Case {
  readonly name: string
  readonly pod: Pod
  readonly owner?: KubernetesObject
  /** What the live read shows, when it is not what the cache shows. */
  readonly live?: KubernetesObject
  readonly refusal?: ApiStatus
  readonly claimed: boolean
  readonly ownedAfter: readonly string[]
  readonly error?: string
}

const cases: readonly Case[] = [
  { name: 'ours and matching stays', pod: aPod('web', ours), claimed: true, ownedAfter: ['owner'] },
  { name: 'ours and matching stays while we go', pod: aPod('web', ours), owner: anOwner(now), claimed: true, ownedAfter: ['owner'] },
  { name: 'ours and not matching is released', pod: aPod('other', ours), claimed: false, ownedAfter: [] },
  {
    name: 'ours and not matching is kept while we go',
    pod: aPod('other', ours),
    owner: anOwner(now),
    claimed: false,
    ownedAfter: ['owner'],
  },
  { name: 'theirs is theirs', pod: aPod('web', theirs), claimed: false, ownedAfter: ['somebody else'] },
  { name: 'a matching orphan is adopted', pod: aPod('web', undefined), claimed: true, ownedAfter: ['owner'] },
  { name: 'an orphan is not adopted while we go', pod: aPod('web', undefined), owner: anOwner(now), claimed: false, ownedAfter: [] },
  { name: 'a terminating orphan is not adopted', pod: aPod('web', undefined, now), claimed: false, ownedAfter: [] },
  { name: 'an orphan that does not match is not adopted', pod: aPod('other', undefined), claimed: false, ownedAfter: [] },
  {
    name: 'no adoption by one that is being deleted in truth',
    pod: aPod('web', undefined),
    live: anOwner(now),
    claimed: false,
    ownedAfter: [],
    error: `can't adopt Pod default/pod (pod-uid): default/web has just been deleted at ${now}`,
  },
  {
    name: 'an orphan that is gone is no error',
    pod: aPod('web', undefined),
    refusal: notFound('pods', 'pod'),
    claimed: false,
    ownedAfter: [],
  },
  {
    name: 'any other refusal of an adoption is',
    pod: aPod('web', undefined),
    refusal: forbidden('pods', 'pod', 'no'),
    claimed: false,
    ownedAfter: [],
    error: 'pods "pod" is forbidden: no',
  },
  {
    name: 'a release of what is gone is no error',
    pod: aPod('other', ours),
    refusal: notFound('pods', 'pod'),
    claimed: false,
    ownedAfter: ['owner'],
  },
  {
    name: 'nor is an invalid release: somebody else has released it',
    pod: aPod('other', ours),
    refusal: invalid('Pod', 'pod', []),
    claimed: false,
    ownedAfter: ['owner'],
  },
  {
    name: 'any other refusal of a release is',
    pod: aPod('other', ours),
    refusal: conflict('pods', 'pod', 'other uid'),
    claimed: false,
    ownedAfter: ['owner'],
    error: 'Operation cannot be fulfilled on pods "pod": other uid',
  },
]

test.each(cases)('$name', ({ pod, owner = anOwner(), live = owner, refusal, claimed, ownedAfter, error }) => {
  const api = new FakeApi()
  api.put(live)
  api.put(pod)
  api.refuse = (command) => (command.kind === 'PatchObject' ? refusal : undefined)
  const run = claimObjects({ owner, candidates: [pod], matches: ({ metadata }) => metadata.labels?.['app'] === 'web' })
  let step = run.next()
  while (step.done !== true) step = run.next(api.answer(step.value))
  expect(step.value.claimed).toHaveLength(claimed ? 1 : 0)
  expect(step.value.error?.message).toBe(error)
  expect((api.pod('pod')?.metadata.ownerReferences ?? []).map(({ uid }) => uid)).toEqual(ownedAfter)
})

test('the owner is read live once for all orphans of a sync', () => {
  const api = new FakeApi()
  api.put(anOwner())
  const pods = ['a', 'b', 'c'].map((name) => {
    const pod = aPod('web', undefined)
    return api.put({ ...pod, metadata: { ...pod.metadata, name, uid: name } })
  })
  const run = claimObjects({ owner: anOwner(), candidates: pods, matches: () => true })
  let reads = 0
  let step = run.next()
  while (step.done !== true) {
    if (step.value.kind === 'GetObject') reads += 1
    step = run.next(api.answer(step.value))
  }
  expect(reads).toBe(1)
  expect(step.value.claimed).toHaveLength(3)
})
