/**
 * The hash of a state against a slow oracle: the same canonical form, written out as text without any cache. Two states of random walks have
 * one hash exactly when they have one text.
 */
import { describe, expect, test } from 'vitest'
import { fc } from '@fast-check/vitest'
import { canonicalJson } from '../kernel/canonical-json.js'
import type { Json } from '../kernel/json.js'
import { entriesOf } from '../kernel/persistent-map.js'
import { seededChoose } from '../kernel/choose.js'
import { bootstrap } from './bootstrap.js'
import { defaultClusterSettings, makeControllers } from './default-controllers.js'
import { saveRun } from './save-run.js'
import { createSimulation } from './create-simulation.js'
import type { Simulation } from './simulation.js'
import { makeStateHasher, type StateHasher } from './state-hash.js'

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

const web = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    serviceName: 'web',
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } },
  },
}

const start = (): { readonly simulation: Simulation; readonly hasher: StateHasher; readonly paths: Map<string, string> } => {
  const settings = { ...defaultClusterSettings, world: { ...defaultClusterSettings.world, imagesMustBePulled: false } }
  const simulation = createSimulation({ seed: 1, settings, controllers: makeControllers(settings), keepLog: false })
  const hasher = makeStateHasher()
  const paths = new Map<string, string>()
  simulation.changes$.subscribe(({ type, object: { kind, metadata } }) => {
    if (type !== 'ADDED') return
    const path = `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
    paths.set(metadata.uid, path)
    hasher.learn(metadata.uid, path)
  })
  bootstrap(simulation, { nodes: [{ name: 'node-1' }], storageClasses: [] })
  simulation.submit({ kind: 'SetInformerLag', controller: 'statefulset-controller', objectKind: 'Pod', lagMs: 1 })
  simulation.submit({ kind: 'CreateObject', object: web })
  return { simulation, hasher, paths }
}

const isDropped = (field: string): boolean =>
  /^(resourceVersion|managedFields|podIPs?|address|addresses|lastAddress|delayMs|endpoints.kubernetes.io\/last-change-trigger-time)$/.test(
    field,
  )
const isTime = (field: string): boolean => /(?:At|Time|Timestamp|heartbeatsFrom|heartbeatsLost)$|^(?:at|since)$/.test(field)

const stripped = (value: Json | undefined, field: string, paths: ReadonlyMap<string, string>): Json => {
  const named = (text: string): string => text.replace(uid, (found) => paths.get(found) ?? found)
  if (typeof value === 'string') return isTime(field) ? 'set' : named(value)
  if (typeof value === 'number') return isTime(field) ? 'set' : value
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? null
  if (Array.isArray(value)) return value.map((item: Json) => stripped(item, '', paths))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => !isDropped(name) && item !== undefined)
      .map(([name, item]) => [named(name), stripped(item, name, paths)]),
  )
}

/** What counts, as text. */
const oracle = ({ simulation, paths }: { readonly simulation: Simulation; readonly paths: ReadonlyMap<string, string> }): string => {
  const run = simulation.state()
  const saved = saveRun(run)
  const cluster = saved['cluster'] as { readonly [name: string]: Json }
  const {
    settings: _settings,
    addresses: _addresses,
    lastAddress: _last,
    machinesAdded: _added,
    ...world
  } = cluster['world'] as { readonly [name: string]: Json }
  const groups: Json[][] = []
  let at = -1
  for (const { dueAt, work } of simulation.pending()) {
    if (work.kind !== 'delayed') continue
    if (dueAt !== at) groups.push([])
    at = dueAt
    groups.at(-1)?.push(`${work.controller} ${work.key}`)
  }
  const live = new Set(
    entriesOf(run.cluster.stores).flatMap(([, store]) => entriesOf(store.objects).map(([, object]) => object.metadata.uid)),
  )
  return canonicalJson(
    stripped(
      {
        stores: (cluster['stores'] as readonly (readonly [string, Json])[])
          .filter(([kind]) => kind !== 'Event' && kind !== 'Lease')
          .map(([kind, objects]) => [
            kind,
            (objects as readonly Json[]).map((object) => canonicalJson(stripped(object, '', paths))).sort(byText),
          ]),
        world,
        gone: entriesOf(run.cluster.world.pods)
          .map(([key]) => key)
          .filter((key) => !live.has(key)),
        queues: entriesOf(run.queues).map(([controller, queue]) => [
          controller,
          entriesOf(queue)
            .filter(([, entry]) => entry.dueAt !== undefined || entry.memory !== undefined)
            .map(([key, entry]) => [key, entry.dueAt !== undefined, entry.memory ?? null])
            .map((entry) => canonicalJson(stripped(entry as Json, '', paths)))
            .sort(byText),
        ]),
        timers: groups.map((group) => group.map((timer) => canonicalJson(timer)).sort(byText)),
        informers: entriesOf(run.informers).map(([informer, { underway }]) => [
          informer,
          underway.map(({ key, store }) => [key, (entriesOf(store.objects).find(([name]) => name === key)?.[1] ?? null) as Json]),
          // Whether the cache shows the controller's own last write.
          entriesOf(run.queues)
            .filter(([controller]) => informer.startsWith(`${controller} `))
            .flatMap(([, queue]) => entriesOf(queue).map(([key]) => key))
            .filter(() => underway.length > 0),
        ]) as Json,
        stopped: cluster['stopped'] ?? null,
        faults: cluster['apiFaults'] ?? null,
      },
      '',
      paths,
    ),
  )
}

const hashOf = ({ simulation, hasher }: { readonly simulation: Simulation; readonly hasher: StateHasher }): string => {
  const { high, low } = hasher.hash(simulation.state(), simulation.pending(), 0)
  return `${high} ${low}`
}

describe('the hash of a state', () => {
  test('is the same for the same canonical text, and another for another, on random walks', { timeout: 60_000 }, () => {
    const texts = new Map<string, string>()
    const hashes = new Map<string, string>()
    const cluster = start()
    const root = cluster.simulation.state()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (seed) => {
        cluster.simulation.restore(root)
        let sums = cluster.hasher.sumsOf(root)
        const choose = seededChoose(seed)
        for (let step = 0; step < 25; step += 1) {
          const pending = cluster.simulation.pending()
          const ready = pending.filter(({ work }) => work.kind !== 'delayed')
          const options = ready.length > 0 ? ready : pending.slice(0, 1)
          const item = options[choose({ stream: 'walk', key: String(step) }, Math.max(1, options.length))]
          if (item === undefined) break
          const before = cluster.simulation.state()
          cluster.simulation.take(item)
          const after = cluster.simulation.state()
          // What changed alone gives the same sums as everything anew.
          sums = cluster.hasher.sumsAfter(sums, before, after)
          expect(sums).toEqual(cluster.hasher.sumsOf(after))
          const hash = hashOf(cluster)
          const text = oracle(cluster)
          // One text, one hash: nothing that does not count gets in.
          expect(hashes.get(text) ?? hash).toBe(hash)
          // One hash, one text: nothing that counts is left out.
          expect(texts.get(hash) ?? text).toBe(text)
          hashes.set(text, hash)
          texts.set(hash, text)
        }
      }),
      { numRuns: 40, seed: 1 },
    )
    expect(texts.size).toBeGreaterThan(30)
  })

  test('does not change with time alone, and changes with a label', () => {
    const cluster = start()
    cluster.simulation.runUntil(60_000)
    const before = hashOf(cluster)
    cluster.simulation.advanceTo(61_000)
    expect(hashOf(cluster)).toBe(before)
    cluster.simulation.submit({
      kind: 'PatchObject',
      target: { kind: 'Pod', namespace: 'default', name: 'web-0' },
      patchType: 'merge',
      patch: { metadata: { labels: { canary: 'yes' } } },
    })
    expect(hashOf(cluster)).not.toBe(before)
  })
})
