/** An operator of one's own, with a bug in it: it labels the primary of a database. The searches find what nobody had thought of. */
import { expect, test } from 'vitest'
import { allInvariants, controllerRefOf, defineController, makeControllers, readerOf, refOf } from '@statefold/core'
import type { ApiCommand, Controller, Invariant, Pod } from '@statefold/core'
import { next, scenario, type HistoryCheck } from '@statefold/scenarios'
import '@statefold/scenarios/vitest'

const isReady = ({ status }: Pod): boolean => status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
const isPrimary = ({ metadata }: Pod): boolean => metadata.labels?.['role'] === 'primary'
const label = (pod: Pod, role: string | null): ApiCommand => {
  return { kind: 'PatchObject', target: refOf(pod), patchType: 'merge', patch: { metadata: { labels: { role } } } }
}

// Build: the operator (as it was written, and as it should be), what it promises, a database.
const primaryKeeper = (demotesFirst: boolean): Controller =>
  defineController({
    name: 'primary-keeper',
    watches: { Pod: ({ object }) => [{ key: object.metadata.namespace ?? '' }] },
    plan: ({ key, reader }) => {
      const pods = reader.list('Pod', key)
      const able = pods.filter((pod) => isReady(pod) && controllerRefOf(pod)?.name === 'db')
      const [chosen] = [...able.filter(isPrimary), ...able]
      if (chosen === undefined) return []
      const demote = pods.filter((pod) => isPrimary(pod) && pod !== chosen).map((pod) => label(pod, null))
      const promote = isPrimary(chosen) ? [] : [label(chosen, 'primary')]
      return demotesFirst ? [...demote, ...promote] : [...promote, ...demote]
    },
  })
const onePrimary: Invariant = {
  name: 'database/one-primary',
  promise: 'At most one Pod is the primary.',
  expectation: 'always',
  concerns: ['PodCreated', 'PodChanged'],
  check: ({ after }) => {
    const { length } = readerOf(after).list('Pod').filter(isPrimary)
    return length > 1 ? { invariant: 'database/one-primary', message: `${length} Pods are the primary` } : undefined
  },
}
const template = { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'db', image: 'nginx:1.27' }] } }
const spec = { serviceName: 'db', replicas: 2, selector: { matchLabels: { app: 'db' } }, template }
const manifests = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' }, spec }]
const search = { order: ['primary-keeper', 'kubelet'], anytime: [{ fault: { containerCrash: { pod: 'db-0' } } }] }
const database = scenario({ manifests, steps: [next.settle()], search })
const checked = (demotesFirst: boolean): HistoryCheck => {
  return {
    controllers: (of) => [...makeControllers(of), primaryKeeper(demotesFirst)],
    invariants: [...allInvariants, onePrimary],
    runs: 40,
  }
}

// Run and assert: no run as written shows the bug; random histories find it, and so do all orders. The cure holds under both.
test('two primaries for a moment', { timeout: 60_000 }, () => {
  expect(database).toPass(checked(false))
  expect(database).not.toHoldInvariants(checked(false))
  expect(database).not.toHoldInEveryOrder(checked(false))
  expect(database).toHoldInvariants(checked(true))
  expect(database).toHoldInEveryOrder(checked(true))
})
