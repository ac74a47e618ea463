import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.js'
import { controllerRevisionData, goJson, hashOfRevision } from './controller-revision-hash.js'
import { encodeHash, fnv1, fnv1a } from './fnv.js'
import { podTemplateHash, podTemplateText } from './pod-template-hash.js'
import { byUtf8 } from './utf8-order.js'

interface KnownTemplate {
  readonly name: string
  readonly template: JsonObject
  readonly podTemplateHash?: string
  readonly revisionHash?: string
  readonly text?: string
}

/** Templates in their stored form with the hashes that a Kubernetes v1.36.3 cluster gave them, and random ones with those of its libraries. */
const known = JSON.parse(readFileSync(new URL('golden/pod-templates.json', import.meta.url), 'utf8')) as readonly KnownTemplate[]

describe('hashes of templates are those of a real cluster', () => {
  it.each(known)('$name', (row) => {
    if (row.text !== undefined) expect(podTemplateText(row.template)).toBe(row.text)
    if (row.podTemplateHash !== undefined) expect(podTemplateHash(row.template)).toBe(row.podTemplateHash)
    if (row.revisionHash !== undefined) expect(hashOfRevision(controllerRevisionData(row.template), 0)).toBe(row.revisionHash)
  })

  it('covers both hashes', () => {
    expect(known.filter((row) => row.podTemplateHash !== undefined).length).toBeGreaterThan(20)
    expect(known.filter((row) => row.revisionHash !== undefined).length).toBeGreaterThan(20)
  })
})

describe('the data of a revision', () => {
  it('is Go JSON: sorted, without spaces, with HTML characters escaped', () => {
    const template = { spec: { containers: [{ name: 'a', args: ['1 < 2 && "x" > \u2028'] }] }, metadata: { labels: { b: '2', a: '1' } } }
    expect(controllerRevisionData(template)).toBe(
      String.raw`{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"1","b":"2"}},"spec":{"containers":[{"args":["1 \u003c 2 \u0026\u0026 \"x\" \u003e \u2028"],"name":"a"}]}}}}`,
    )
  })

  it('leaves out what is undefined', () => {
    expect(goJson({ b: undefined, a: [null, true, 1.5] })).toBe('{"a":[null,true,1.5]}')
  })

  // The raw text of upstream's stateful_set_compatibility_test.go, whose first revision is `test-c77f6d978`.
  const container =
    '{"image":"test","imagePullPolicy":"Always","name":"test","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}'
  const raw = `{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"test":"value"},"creationTimestamp":null,"labels":{"app":"foo"}},"spec":{"containers":[${container}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}`
  it.each([
    [raw, 0, 'c77f6d978'],
    [raw, 1, 'c77f6d979'],
    [raw, 2, 'c77f6d976'],
    [raw, 10, 'dd44c7f69'],
    ['', undefined, '65bb57b6b5'],
    ['', 0, 'd8bfb7bc'],
    ['{}', 0, 'cccc864bc'],
    ['é', 0, '9f57d867'],
  ])('is hashed with FNV-1 and the collision count: %#', (text, collisionCount, hash) => {
    expect(hashOfRevision(text, collisionCount)).toBe(hash)
  })
})

describe('the hash of a Pod template', () => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] } }

  it('depends on the collision count, also when that is 0', () => {
    const hashes = [undefined, 0, 1, 256].map((collisionCount) => podTemplateHash(template, collisionCount))
    expect(new Set(hashes).size).toBe(4)
  })

  it('does not tell what is absent from what is empty', () => {
    const withEmpty = {
      metadata: { labels: { app: 'web' }, annotations: {} },
      spec: { containers: [{ name: 'web', image: 'nginx:1.27', env: [], tty: false }], hostname: '', affinity: null },
    }
    expect(podTemplateHash(withEmpty)).toBe(podTemplateHash(template))
  })

  it('shows amounts beyond an int64 as decimals in words of 64 bits', () => {
    const big = { spec: { containers: [{ name: 'web', resources: { limits: { storage: '4Pi' } } }] } }
    expect(podTemplateText(big)).toContain(
      `storage:{i:(resource.int64Amount){value:(int64)0 scale:(resource.Scale)0} d:(resource.infDecAmount){Dec:(*inf.Dec){unscaled:(big.Int){neg:(bool)false abs:(big.nat)[${
        4_503_599_627_370_496_000_000_000n & 0xffff_ffff_ffff_ffffn
      } ${4_503_599_627_370_496_000_000_000n >> 64n}]} scale:(inf.Scale)9}} s:(string) Format:(resource.Format)BinarySI}`,
    )
  })
})

describe('the parts', () => {
  it.each([
    ['', 0x811c9dc5, 0x811c9dc5],
    ['a', 0x050c5d7e, 0xe40c292c],
    ['foobar', 0x31f0b262, 0xbf9cf968],
  ])('FNV of %j', (text, one, oneA) => {
    expect(fnv1(text)).toBe(one)
    expect(fnv1a(text)).toBe(oneA)
  })

  it('writes digits as letters that spell nothing', () => {
    expect(encodeHash(1_234_567_890)).toBe('56789bcdf4')
  })

  it('orders text as Go does', () => {
    expect(['b', '\u{1f600}', 'a', '\ufffd', 'ab', ''].sort(byUtf8)).toEqual(['', 'a', 'ab', 'b', '\ufffd', '\u{1f600}'])
  })
})
