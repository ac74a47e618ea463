import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { readYamlDocument, splitDocuments } from './yaml-input.js'

describe('readYamlDocument', () => {
  it.each<[text: string, value: Json]>([
    ['yes', true],
    ['n', false],
    ['off', false],
    ['"yes"', 'yes'],
    ['0644', 420],
    ['0o17', 15],
    ['0x1f', 31],
    ['09', 9],
    ['-7', -7],
    ['1_000', 1_000],
    ['1e3', 1_000],
    ['e3', 'e3'],
    ['1.27', 1.27],
    ['1.27.3', '1.27.3'],
    ['12:30:00', '12:30:00'],
    ['2026-01-01', '2026-01-01'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['~', null],
    ['', null],
    ['{a: 1, b: [x, "y"]}', { a: 1, b: ['x', 'y'] }],
    ['|\n  one\n  two\n', 'one\ntwo\n'],
    ['nginx:1.27', 'nginx:1.27'],
  ])('reads %j', (text, value) => {
    expect(readYamlDocument(`k: ${text}\n`)).toEqual(E.right({ k: value }))
  })

  it('lets the last of two equal keys win, and follows anchors and merges', () => {
    expect(readYamlDocument('a: 1\na: 2\n')).toEqual(E.right({ a: 2 }))
    expect(readYamlDocument('base: &b {x: 1}\nmore:\n  <<: *b\n  z: 2\n')).toEqual(E.right({ base: { x: 1 }, more: { x: 1, z: 2 } }))
  })

  it('has texts for keys', () => {
    expect(readYamlDocument('8080: a\ntrue: b\n')).toEqual(E.right({ '8080': 'a', true: 'b' }))
  })
})

describe('splitDocuments', () => {
  it('splits at lines of dashes alone, with or without a comment', () => {
    expect(splitDocuments('a: 1\n--- # second\nb: 2\n---\nc: "---"\n')).toEqual(['a: 1', 'b: 2', 'c: "---"\n'])
  })
})
