import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../kernel/json.js'
import { threeWayStrategicPatch, twoWayStrategicPatch } from './strategic-diff.js'
import { applyStrategicMerge } from './strategic-merge.js'

const freeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) freeze(item)
    Object.freeze(value)
  }
  return value
}

const applied = (typeName: string, original: JsonObject, patch: Json): Json => {
  const result = applyStrategicMerge(typeName, freeze(original), freeze(patch))
  return E.isRight(result) ? result.right : { refused: result.left.message, code: result.left.code }
}

const right = <T>(result: E.Either<string, T>): T => {
  if (E.isLeft(result)) throw new Error(result.left)
  return result.right
}

describe('applying a strategic merge patch to a PodSpec', () => {
  const a = { name: 'a', image: 'a:1' }
  const b = { name: 'b', image: 'b:1' }
  const c = { name: 'c', image: 'c:1' }

  it('answers with the object itself where nothing changes', () => {
    const spec = { containers: [a, b], nodeName: 'one' }
    expect(applied('PodSpec', spec, { containers: [{ name: 'b', image: 'b:1' }], nodeName: 'one', hostname: null })).toBe(spec)
    expect(applied('PodSpec', spec, { containers: [{ $patch: 'delete', name: 'd' }] })).toBe(spec)
  })

  it('shares what it does not change', () => {
    const spec = { containers: [a, b], tolerations: [] }
    const patched = applied('PodSpec', spec, { containers: [{ name: 'b', image: 'b:2' }] }) as typeof spec
    expect(patched.tolerations).toBe(spec.tolerations)
    expect(patched.containers[0]).toBe(a)
  })
  it.each<[string, JsonObject, JsonObject, Json]>([
    [
      'merges elements by name',
      { containers: [a, b] },
      { containers: [{ name: 'b', image: 'b:2' }] },
      { containers: [a, { name: 'b', image: 'b:2' }] },
    ],
    ['puts new elements first when nothing says otherwise', { containers: [a] }, { containers: [b] }, { containers: [b, a] }],
    [
      'orders as it is told',
      { containers: [a, b] },
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'a', image: 'a:2' }] },
      { containers: [b, { name: 'a', image: 'a:2' }] },
    ],
    ['only orders', { containers: [a, b] }, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }, { containers: [b, a] }],
    [
      'keeps the place of what only the server has',
      { containers: [a, c, b] },
      { '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }], containers: [{ name: 'b', image: 'b:2' }] },
      { containers: [a, c, { name: 'b', image: 'b:2' }] },
    ],
    ['deletes an element', { containers: [a, b] }, { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: [b] }],
    [
      'deletes one, adds one',
      { containers: [a, c] },
      { '$setElementOrder/containers': [{ name: 'd' }], containers: [{ name: 'd' }, { name: 'a', $patch: 'delete' }] },
      { containers: [c, { name: 'd' }] },
    ],
    ['replaces a list', { containers: [a, b] }, { containers: [{ $patch: 'replace' }, c] }, { containers: [c] }],
    [
      'replaces an object',
      { securityContext: { runAsUser: 1, fsGroup: 2 } },
      { securityContext: { $patch: 'replace', runAsUser: 3 } },
      { securityContext: { runAsUser: 3 } },
    ],
    ['empties an object', { securityContext: { runAsUser: 1 } }, { securityContext: { $patch: 'delete' } }, { securityContext: {} }],
    ['deletes by null', { nodeName: 'x', hostname: 'y' }, { nodeName: null, subdomain: null }, { hostname: 'y' }],
    ['drops nulls from what it adds', {}, { securityContext: { runAsUser: null, fsGroup: 1 } }, { securityContext: { fsGroup: 1 } }],
    [
      'replaces lists without a merge key',
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    [
      'keeps only some keys of a volume',
      { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
      { volumes: [{ name: 'v', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] },
      { volumes: [{ name: 'v', emptyDir: {} }] },
    ],
    [
      'merges ports by number',
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'web' }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
      { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'web', protocol: 'TCP' }] }] },
    ],
    [
      'refuses elements without the merge key',
      { containers: [a] },
      { containers: [{ image: 'x' }] },
      { refused: 'map: map[image:x] does not contain declared merge key: name', code: 500 },
    ],
    [
      'refuses unknown directives',
      { containers: [a] },
      { $patch: 'shred' },
      { refused: 'unknown patch type: shred in map: map[$patch:shred]', code: 500 },
    ],
    [
      'refuses keys that are not retained',
      { volumes: [{ name: 'v' }] },
      { volumes: [{ name: 'v', $retainKeys: ['name'], emptyDir: {} }] },
      { refused: 'invalid patch format of retainKeys', code: 400 },
    ],
  ])('%s', (_, original, patch, expected) => {
    expect(applied('PodSpec', original, patch)).toEqual(expected)
  })

  it('merges lists of scalars and deletes from them', () => {
    const metadata = { finalizers: ['x', 'y'] }
    expect(applied('ObjectMeta', metadata, { finalizers: ['z', 'x'] })).toEqual({ finalizers: ['z', 'x', 'y'] })
    expect(applied('ObjectMeta', metadata, { '$deleteFromPrimitiveList/finalizers': ['x'] })).toEqual({ finalizers: ['y'] })
    expect(applied('ObjectMeta', {}, { '$deleteFromPrimitiveList/finalizers': ['x'] })).toEqual({})
    expect(applied('ObjectMeta', metadata, { finalizers: null })).toEqual({})
  })

  it('puts the template of a revision in place whole', () => {
    const set = { spec: { replicas: 3, template: { metadata: { labels: { a: '1', b: '2' } }, spec: { containers: [a, b] } } } }
    const revision = { spec: { template: { $patch: 'replace', metadata: { labels: { a: '1' } }, spec: { containers: [c] } } } }
    expect(applied('StatefulSet', set, revision)).toEqual({
      spec: { replicas: 3, template: { metadata: { labels: { a: '1' } }, spec: { containers: [c] } } },
    })
  })

  it('shares what it does not touch', () => {
    const original = { spec: { containers: [a] }, status: { phase: 'Running' } }
    const result = applyStrategicMerge('Pod', original, { spec: { nodeName: 'n' } })
    expect(E.isRight(result) && result.right['status']).toBe(original.status)
  })

  it('refuses what is no object', () => {
    expect(applied('Pod', {}, [])).toEqual({
      refused: 'json: cannot unmarshal array into Go value of type map[string]interface {}',
      code: 400,
    })
  })
})

/** Random cases with what Kubernetes' own library (k8s.io/apimachinery v0.36.3) makes of them. */
type KnownCase = { readonly type: string; readonly result: JsonObject } & (
  | { readonly apply: readonly [JsonObject, JsonObject] }
  | { readonly twoWay: readonly [JsonObject, JsonObject] }
  | { readonly threeWay: readonly [JsonObject, JsonObject, JsonObject] }
)
const known = JSON.parse(readFileSync(new URL('golden/strategic-merge.json', import.meta.url), 'utf8')) as readonly KnownCase[]

describe('the Go library', () => {
  it.each(known)('agrees: %j', (row) => {
    const result =
      'apply' in row
        ? applied(row.type, ...row.apply)
        : 'twoWay' in row
          ? right(twoWayStrategicPatch(row.type, ...row.twoWay))
          : right(threeWayStrategicPatch(row.type, ...row.threeWay))
    expect(result).toEqual(row.result)
  })
})

describe('making a strategic merge patch', () => {
  const deployment = (image: string, more: JsonObject = {}): JsonObject => ({
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      template: {
        spec: {
          containers: [
            { name: 'nginx', image },
            { name: 'side', image: 'side:1' },
          ],
          ...more,
        },
      },
    },
  })

  it('is what kubectl set image sends', () => {
    expect(right(twoWayStrategicPatch('Deployment', deployment('nginx:1'), deployment('nginx:2')))).toEqual({
      spec: {
        template: {
          spec: { '$setElementOrder/containers': [{ name: 'nginx' }, { name: 'side' }], containers: [{ image: 'nginx:2', name: 'nginx' }] },
        },
      },
    })
  })

  it('deletes elements, keys and members of sets', () => {
    const before = {
      metadata: { finalizers: ['a', 'b'], labels: { x: '1', y: '2' } },
      spec: { containers: [{ name: 'a' }, { name: 'b' }], volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    }
    const after = {
      metadata: { finalizers: ['b'], labels: { y: '2' } },
      spec: { containers: [{ name: 'b' }], volumes: [{ name: 'v', emptyDir: {} }] },
    }
    expect(right(twoWayStrategicPatch('Pod', before, after))).toEqual({
      metadata: { '$deleteFromPrimitiveList/finalizers': ['a'], '$setElementOrder/finalizers': ['b'], labels: { x: null } },
      spec: {
        '$setElementOrder/containers': [{ name: 'b' }],
        containers: [{ $patch: 'delete', name: 'a' }],
        '$setElementOrder/volumes': [{ name: 'v' }],
        volumes: [{ $retainKeys: ['emptyDir', 'name'], name: 'v', emptyDir: {}, hostPath: null }],
      },
    })
  })

  it('leaves alone what others set on the live object', () => {
    const last = deployment('nginx:1', { nodeSelector: { disk: 'ssd' } })
    const next = deployment('nginx:2')
    const live = {
      metadata: { name: 'web', uid: 'u' },
      spec: {
        replicas: 5,
        template: {
          spec: {
            containers: [
              { name: 'nginx', image: 'nginx:1', imagePullPolicy: 'Always' },
              { name: 'side', image: 'side:1' },
              { name: 'injected', image: 'mesh:1' },
            ],
            nodeSelector: { disk: 'ssd', zone: 'a' },
          },
        },
      },
      status: { replicas: 5 },
    }
    const patch = right(threeWayStrategicPatch('Deployment', last, next, live))
    expect(patch).toEqual({
      spec: {
        replicas: 2,
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'nginx' }, { name: 'side' }],
            containers: [{ name: 'nginx', image: 'nginx:2' }],
            nodeSelector: null,
          },
        },
      },
    })
    expect(applied('Deployment', live, patch)).toEqual({
      ...live,
      spec: {
        replicas: 2,
        template: {
          spec: {
            containers: [
              { name: 'nginx', image: 'nginx:2', imagePullPolicy: 'Always' },
              { name: 'side', image: 'side:1' },
              { name: 'injected', image: 'mesh:1' },
            ],
          },
        },
      },
    })
  })

  it('drops a container that left the manifest and keeps the order of the rest', () => {
    const last = { spec: { containers: [{ name: 'a' }, { name: 'b' }] } }
    const next = { spec: { containers: [{ name: 'b', image: 'b:2' }] } }
    expect(right(threeWayStrategicPatch('Pod', last, next, last))).toEqual({
      spec: {
        '$setElementOrder/containers': [{ name: 'b' }],
        containers: [
          { name: 'b', image: 'b:2' },
          { $patch: 'delete', name: 'a' },
        ],
      },
    })
  })

  const words = fc.constantFrom('a', 'b', 'c', 'd')
  // Sorted, because Kubernetes does not see that a set has another order when the new one is the sorted one.
  const sortedWords = fc.subarray(['a', 'b', 'c', 'd'])
  const labels = fc.dictionary(words, words, { maxKeys: 3, noNullPrototype: true })
  const optional = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<JsonObject> =>
    fc.record(shape, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>
  const keyed = (key: string, ids: fc.Arbitrary<Json>, rest: fc.Arbitrary<JsonObject>): fc.Arbitrary<Json[]> =>
    fc
      .uniqueArray(fc.tuple(ids, rest), { selector: ([id]) => id, maxLength: 4 })
      .map((items) => items.map(([id, item]) => ({ [key]: id, ...item })))
  const container = optional({
    image: words,
    env: keyed('name', words, optional({ value: words })),
    ports: keyed('containerPort', fc.constantFrom<Json[]>(80, 443, 8080, 9090), optional({ name: words })),
    args: fc.array(words, { maxLength: 3 }),
  })
  const volume = fc.oneof(
    fc.constant({ emptyDir: {} }),
    fc.record({ hostPath: fc.record({ path: words }) }),
    fc.record({ configMap: optional({ name: words, optional: fc.boolean() }) }),
  )
  const pods = optional({
    metadata: optional({ labels, finalizers: sortedWords }),
    spec: optional({
      containers: keyed('name', words, container),
      volumes: keyed('name', words, volume as fc.Arbitrary<JsonObject>),
      tolerations: fc.array(optional({ key: words }), { maxLength: 2 }),
      nodeSelector: labels,
      hostname: words,
      imagePullSecrets: keyed('name', words, fc.constant({})),
    }),
  })

  it('leads from one object to the other', () => {
    fc.assert(
      fc.property(pods, pods, (before, after) => {
        const patch = right(twoWayStrategicPatch('Pod', freeze(before), freeze(after)))
        expect(applied('Pod', before, patch)).toEqual(after)
      }),
      { numRuns: 400 },
    )
  })

  it('of three objects leads to the manifest when nobody else changed the live object', () => {
    fc.assert(
      fc.property(pods, pods, (last, next) => {
        const patch = right(threeWayStrategicPatch('Pod', freeze(last), freeze(next), last))
        expect(applied('Pod', last, patch)).toEqual(next)
      }),
      { numRuns: 400 },
    )
  })

  it('applied a second time changes nothing', () => {
    fc.assert(
      fc.property(pods, pods, pods, (last, next, others) => {
        // The live object: the last manifest and what others added to it.
        const live = applied('Pod', last, others) as JsonObject
        const patch = right(threeWayStrategicPatch('Pod', freeze(last), freeze(next), freeze(live)))
        const once = applied('Pod', live, patch) as JsonObject
        expect(applied('Pod', once, patch)).toEqual(once)
      }),
      { numRuns: 400 },
    )
  })
})
