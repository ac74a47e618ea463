import { expect, it } from 'vitest'

import type { Json } from '../kernel/json.js'
import { decodePatched } from './patch-decoding.js'

/** The patch stands for the object that it makes. */
const strategic = (patch: Json) => decodePatched('StatefulSet', 'apps/v1', 'strategic', patch, patch)

it.each<readonly [patch: Json, message: string | undefined]>([
  [{ spec: { replicas: 3 } }, undefined],
  [{ spec: { replicas: 'three' } }, 'Invalid value: "map[spec:map[replicas:three]]": unrecognized type: int32'],
  [{ spec: { replicas: 1.5 } }, 'Invalid value: "map[spec:map[replicas:1.5]]": cannot convert float64 to int32'],
  [{ spec: { serviceName: 7 } }, 'Invalid value: "map[spec:map[serviceName:7]]": cannot convert int64 to string'],
  [{ spec: { serviceName: true } }, 'Invalid value: "map[spec:map[serviceName:true]]": unrecognized type: string'],
  [{ spec: { template: [] } }, 'Invalid value: "map[spec:map[template:[]]]": cannot restore struct from: slice'],
  [{ metadata: { labels: 'a' } }, 'Invalid value: "map[metadata:map[labels:a]]": cannot restore map from string'],
  [{ metadata: { finalizers: 'a' } }, 'Invalid value: "map[metadata:map[finalizers:a]]": cannot restore slice from string'],
])('a strategic merge patch %j', (patch, message) => {
  const refusal = strategic(patch).typeError
  expect(refusal?.message).toBe(message === undefined ? undefined : ` "" is invalid: patch: ${message}`)
  expect(refusal?.reason).toBe(message === undefined ? undefined : 'Invalid')
})

it('tells a strict client of unknown fields, and lets others warn', () => {
  const decoding = strategic({ spec: { zeal: 1, bogus: { a: [1, null] } } })
  expect(decoding.unknownFields).toEqual(['spec.bogus', 'spec.zeal'])
  expect(decoding.typeError).toBeUndefined()
  expect(decoding.strictError?.message).toBe(
    ' "" is invalid: patch: Invalid value: "map[spec:map[bogus:map[a:[1 <nil>]] zeal:1]]": strict decoding error: unknown field "spec.bogus", unknown field "spec.zeal"',
  )
})

it('speaks of the Go type for the other patches', () => {
  const patch = { spec: { replicas: 'three' } }
  expect(decodePatched('StatefulSet', 'apps/v1', 'merge', patch, patch).typeError?.message).toContain(
    'json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32',
  )
})
