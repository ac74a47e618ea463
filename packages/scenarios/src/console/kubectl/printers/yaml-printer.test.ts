import type { Json } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import * as E from 'fp-ts/lib/Either.js'
import { readYamlDocument } from '../yaml-input.js'
import { yamlText } from './yaml-printer.js'

describe('yamlText', () => {
  it('writes mappings sorted and lists at the indent of their key', () => {
    expect(yamlText({ spec: { ports: [{ port: 80, name: 'web' }, 7], empty: {}, none: [] }, apiVersion: 'v1' })).toBe(
      ['apiVersion: v1', 'spec:', '  empty: {}', '  none: []', '  ports:', '  - name: web', '    port: 80', '  - 7', ''].join('\n'),
    )
  })

  it.each<[value: Json, text: string]>([
    ['plain', 'plain'],
    ['', '""'],
    ['true', '"true"'],
    ['yes', '"yes"'],
    ['n', '"n"'],
    ['null', '"null"'],
    ['~', '"~"'],
    ['8080', '"8080"'],
    ['1.5', '"1.5"'],
    ['1e3', '"1e3"'],
    ['0x1f', '"0x1f"'],
    ['2026-11-21T07:52:57Z', '"2026-11-21T07:52:57Z"'],
    ['12:30', '"12:30"'],
    ['1Gi', '1Gi'],
    ['v1.36.3', 'v1.36.3'],
    ['10.244.0.3', '10.244.0.3'],
    ['nginx:1.27', 'nginx:1.27'],
    ['a: b', "'a: b'"],
    ['a #b', "'a #b'"],
    ['#b', "'#b'"],
    ['- a', "'- a'"],
    ['-a', '-a'],
    ['*', "'*'"],
    ['{a}', "'{a}'"],
    ["it's", "it's"],
    ["'quoted'", "'''quoted'''"],
    [' a', "' a'"],
    ['a\tb', '"a\\tb"'],
    [true, 'true'],
    [3, '3'],
    [null, 'null'],
  ])('writes %j as %s', (value, text) => {
    expect(yamlText({ k: value })).toBe(`k: ${text}\n`)
  })

  it('writes texts of several lines as literal blocks', () => {
    expect(yamlText({ a: 'one\ntwo\n', b: 'one\ntwo' })).toBe('a: |\n  one\n  two\nb: |-\n  one\n  two\n')
  })

  it('folds long texts at the first blank behind column 80', () => {
    const message = '0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available.'
    expect(yamlText({ message })).toBe(
      "message: '0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate,\n  preemption: 0/3 nodes are available.'\n",
    )
  })

  const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json; list: readonly Json[]; map: { [key: string]: Json } }>((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    map: fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 3 }),
  })).value

  test.prop([fc.dictionary(fc.string({ minLength: 1 }), json, { maxKeys: 4 })])('is read back as what was written', (value) => {
    // Plain keys that the reader treats specially are no keys of Kubernetes objects.
    fc.pre(!JSON.stringify(value).includes('"<<"') && !JSON.stringify(value).includes('__proto__'))
    expect(readYamlDocument(yamlText(value))).toEqual(E.right(value))
  })
})
