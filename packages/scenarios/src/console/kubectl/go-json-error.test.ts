import { describe, expect, it } from 'vitest'
import { goJsonError } from './go-json-error.js'

describe('what Go says of a text that is not JSON', () => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['{"spec":{"replicas":3}}', undefined],
    ['{"a":[1,-2.5e3,true,null,"x\\"y"]} ', undefined],
    ['{', 'unexpected end of JSON input'],
    ['{"spec":{"replicas":3}', 'unexpected end of JSON input'],
    ['{spec: {replicas: 2}}', "invalid character 's' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a":x}', "invalid character 'x' looking for beginning of value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['{"a":[1 2]}', "invalid character '2' after array element"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
  ]
  it.each(rows)('%s', (text, error) => {
    expect(goJsonError(text)).toBe(error)
  })
})
