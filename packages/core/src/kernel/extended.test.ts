import { describe, expect, it } from 'vitest'
import { extended, growingCopy } from './extended.js'

describe('extended', () => {
  it('has the keys in the order in which spreading gives them', () => {
    const object = { apiVersion: 'v1', kind: 'Pod' }
    expect(JSON.stringify(extended(object, { kind: 'Node', status: {} }))).toBe('{"apiVersion":"v1","kind":"Node","status":{}}')
    expect(object).toEqual({ apiVersion: 'v1', kind: 'Pod' })
  })

  it('keeps a key named __proto__ a key', () => {
    const sent = JSON.parse('{"__proto__":{"polluted":true},"app":"web"}') as object
    const copy = growingCopy(sent)
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(JSON.stringify(extended(sent, { tier: 'front' }))).toBe('{"__proto__":{"polluted":true},"app":"web","tier":"front"}')
  })
})
