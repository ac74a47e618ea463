import { describe, expect, it } from 'vitest'

import { decodeStrictly, strictDecodingStatus, unknownFieldsMessage, withoutUnknownFields } from './strict-decoding.js'

const decodeSet = (spec: unknown) =>
  decodeStrictly('StatefulSet', 'apps/v1', { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' }, spec })
const decodePod = (spec: unknown) => decodeStrictly('Pod', 'v1', { spec })
const inTemplate = (podSpec: object) => ({ template: { spec: podSpec } })

describe('unknown fields', () => {
  it.each<readonly [spec: unknown, paths: readonly string[]]>([
    [{ replicas: 1, template: { metadata: { labels: { anything: 'goes' } } } }, []],
    [{ bogusField: 1 }, ['spec.bogusField']],
    [inTemplate({ containers: [{ name: 'a' }, { name: 'b', imagePolicy: 'Always' }] }), ['spec.template.spec.containers[1].imagePolicy']],
    [{ Replicas: 1, zeal: 2 }, ['spec.Replicas', 'spec.zeal']],
    [{ volumeClaimTemplates: [{ metadata: { name: 'www' }, spec: { size: '1Gi' } }] }, ['spec.volumeClaimTemplates[0].spec.size']],
  ])('%j', (spec, paths) => {
    expect(decodeSet(spec)).toEqual({ unknownFields: paths })
  })

  it('are all named in one sentence', () => {
    expect(unknownFieldsMessage(['spec.a', 'spec.b'])).toBe('strict decoding error: unknown field "spec.a", unknown field "spec.b"')
    expect(strictDecodingStatus('StatefulSet', 'apps/v1', decodeSet({ bogusField: 1 }))?.message).toBe(
      'StatefulSet in version "v1" cannot be handled as a StatefulSet: strict decoding error: unknown field "spec.bogusField"',
    )
  })

  it('are dropped when they are only warned of, and nothing else is touched', () => {
    const known = { metadata: { name: 'web' }, spec: { containers: [{ name: 'a' }] } }
    expect(withoutUnknownFields('Pod', 'v1', known)).toBe(known)
    const pruned = withoutUnknownFields('Pod', 'v1', { ...known, spec: { containers: [{ name: 'a', x: 1 }], y: 2 } })
    expect(pruned).toEqual(known)
    expect(pruned.metadata).toBe(known.metadata)
  })

  it('are looked for only where a changed object is not the stored one', () => {
    const stored = { spec: { containers: [{ name: 'a', x: 1 }] } }
    expect(decodeStrictly('Pod', 'v1', { ...stored, metadata: { y: 1 } }, { ...stored, metadata: {} }).unknownFields).toContain(
      'metadata.y',
    )
    expect(decodeStrictly('Pod', 'v1', { ...stored, metadata: { name: 'web' } }, stored)).toEqual({ unknownFields: [] })
    expect(decodeStrictly('Pod', 'v1', { ...stored, metadata: { name: 'web' } }).unknownFields).toEqual(['spec.containers[0].x'])
  })

  it('do not exist in kinds that nobody described', () => {
    expect(decodeStrictly('Widget', 'example.com/v1', { any: 'thing' })).toEqual({ unknownFields: [] })
  })
})

describe('wrong JSON types', () => {
  it.each<readonly [decoding: ReturnType<typeof decodeSet>, message: string]>([
    [decodeSet({ replicas: 'three' }), 'json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32'],
    [decodeSet({ replicas: 1.5 }), 'json: cannot unmarshal number 1.5 into Go struct field StatefulSetSpec.spec.replicas of type int32'],
    [
      decodeSet({ replicas: 3_000_000_000 }),
      'json: cannot unmarshal number 3000000000 into Go struct field StatefulSetSpec.spec.replicas of type int32',
    ],
    [
      decodeSet(inTemplate({ volumes: [{ name: false }] })),
      'json: cannot unmarshal bool into Go struct field Volume.spec.template.spec.volumes.name of type string',
    ],
    [
      decodeSet(inTemplate({ containers: [{ name: 'a', env: [{ name: true }] }] })),
      'json: cannot unmarshal bool into Go struct field EnvVar.spec.template.spec.containers.env.name of type string',
    ],
    [decodeSet([]), 'json: cannot unmarshal array into Go struct field StatefulSet.spec of type v1.StatefulSetSpec'],
    [decodePod({ containers: {} }), 'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container'],
    [
      decodePod({ restartPolicy: 1 }),
      'json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ],
    [
      decodePod({ nodeSelector: { disk: 1 } }),
      'json: cannot unmarshal number into Go struct field PodSpec.spec.nodeSelector of type string',
    ],
    [
      decodeStrictly('Service', 'v1', { spec: { ports: [{ port: 80, targetPort: true }] } }),
      'json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32',
    ],
    [
      decodeStrictly('Pod', 'v1', { metadata: { labels: { y: true } } }),
      'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      decodeStrictly('PersistentVolumeClaim', 'v1', { spec: { resources: { requests: { storage: 'much' } } } }),
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      decodeStrictly('Pod', 'v1', { metadata: { creationTimestamp: '2026-1-1' } }),
      'parsing time "2026-1-1" as "2006-01-02T15:04:05Z07:00": cannot parse "1-1" as "01"',
    ],
  ])('%j', (decoding, message) => {
    expect(decoding.typeError).toBe(message)
  })

  it('matter more than unknown fields, and the first of them is told', () => {
    const decoding = decodeSet({ bogus: 1, replicas: 'a', serviceName: 2 })
    expect(strictDecodingStatus('StatefulSet', 'apps/v1', decoding)?.message).toBe(
      'StatefulSet in version "v1" cannot be handled as a StatefulSet: json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32',
    )
  })

  it('do not hide a value that ends the reading', () => {
    expect(decodeStrictly('ResourceQuota', 'v1', { spec: { scopes: 1, hard: { cpu: 'many' } } }).typeError).toMatch(
      /^quantities must match/,
    )
  })

  it.each([null, undefined])('%s stands for nothing and is right everywhere', (nothing) => {
    expect(decodePod({ containers: nothing, hostNetwork: nothing }).typeError).toBeUndefined()
  })
})
