import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { LabelSelector } from './generated/types.js'
import {
  formatLabelSelector,
  formatSelector,
  type Labels,
  matchesSelector,
  parseSelector,
  selectorMatches,
  selectorOf,
  selectorOfLabels,
} from './label-selector.js'

const matches = (text: string, labels: Labels): boolean | string => {
  const selector = parseSelector(text)
  return E.isLeft(selector) ? selector.left : matchesSelector(selector.right, labels)
}

describe('a selector as text', () => {
  it.each<[string, Labels, boolean]>([
    ['', {}, true],
    ['app=web', { app: 'web' }, true],
    ['app=web', { app: 'db' }, false],
    ['app==web', { app: 'web', tier: 'x' }, true],
    ['app!=web', {}, true],
    ['app!=web', { app: 'web' }, false],
    ['app', { app: '' }, true],
    ['!app', {}, true],
    ['!app', { app: 'x' }, false],
    ['app=', { app: '' }, true],
    ['app in (web,db)', { app: 'db' }, true],
    ['app in (web, db )', { app: 'api' }, false],
    ['app notin (web)', {}, true],
    ['app notin (web)', { app: 'web' }, false],
    ['app in ()', { app: '' }, true],
    ['app in (,a)', { app: '' }, true],
    ['a=1,b!=2,c', { a: '1', b: '3', c: '' }, true],
    ['n>5', { n: '10' }, true],
    ['n<5', { n: '10' }, false],
    ['n>5', { n: 'x' }, false],
    ['in in (in)', { in: 'in' }, true],
    ['constructor', {}, false],
  ])('%j on %j is %s', (text, labels, expected) => {
    expect(matches(text, labels)).toBe(expected)
  })

  it.each([
    ['app=web,', "found '', expected: identifier after ','"],
    [',app', "found ',', expected: !, identifier, or 'end of string'"],
    ['app in web', "unable to parse requirement: found 'web' expected: '('"],
    ['app in (web', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['app web', "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt"],
    ['app=a b', "found 'b', expected: ',' or 'end of string'"],
    ['app=(', "unable to parse requirement: found '(', expected: identifier"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['n>x', "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"],
    [
      'a_=b',
      "unable to parse requirement: <nil>: Invalid value: \"a_\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
    [
      'a=-b',
      "unable to parse requirement: values[0][a]: Invalid value: \"-b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ])('%j is refused', (text, error) => {
    expect(parseSelector(text)).toEqual(E.left(error))
  })

  it('is printed sorted by key', () => {
    const selector = parseSelector('z,!a,m in (c,b),k!=v,b=1,c==2')
    expect(E.isRight(selector) && formatSelector(selector.right)).toBe('!a,b=1,c==2,k!=v,m in (b,c),z')
  })
})

describe('a LabelSelector', () => {
  const keys = fc.constantFrom('app', 'tier', 'zone')
  const values = fc.constantFrom('', 'a', 'b')
  const labelSets = fc.dictionary(keys, values, { noNullPrototype: true })
  const requirements = fc.oneof(
    fc.record({ key: keys, operator: fc.constantFrom('In', 'NotIn'), values: fc.array(values, { minLength: 1, maxLength: 3 }) }),
    fc.record({ key: keys, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  )
  const selectors: fc.Arbitrary<LabelSelector> = fc.record(
    { matchLabels: labelSets, matchExpressions: fc.array(requirements, { maxLength: 3 }) },
    { requiredKeys: [] },
  )

  it('selects the same directly, converted, and after a trip through its text', () => {
    fc.assert(
      fc.property(selectors, labelSets, (selector, labels) => {
        const expected = selectorMatches(selector, labels)
        expect(matchesSelector(selectorOf(selector), labels)).toBe(expected)
        expect(matches(formatSelector(selectorOf(selector)), labels)).toBe(expected)
      }),
    )
  })

  it('selects nothing when absent and everything when empty', () => {
    expect(selectorMatches(undefined, { a: 'b' })).toBe(false)
    expect(matchesSelector(selectorOf(undefined), {})).toBe(false)
    expect(selectorMatches({}, { a: 'b' })).toBe(true)
    expect(selectorMatches({}, undefined)).toBe(true)
    expect(matchesSelector(selectorOfLabels(undefined), {})).toBe(true)
  })

  it('is printed as kubectl does', () => {
    expect(
      formatLabelSelector({ matchLabels: { b: '2', a: '1' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['y', 'x'] }] }),
    ).toBe('a=1,b=2,c in (x,y)')
    expect(formatLabelSelector({})).toBe('<none>')
    expect(formatLabelSelector(undefined)).toBe('<none>')
  })
})
