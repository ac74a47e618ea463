/**
 * Which labels a selector selects: LabelSelector objects, and the text of `-l`. Follows LabelSelectorAsSelector and FormatLabelSelector in
 * apimachinery/pkg/apis/meta/v1/helpers.go, and Parse in apimachinery/pkg/labels/selector.go (with its error texts).
 */
import * as E from 'fp-ts/lib/Either.js'
import type { LabelSelector, LabelSelectorRequirement } from './generated/types.js'
import { labelKeyErrors, labelValueErrors } from './label-syntax.js'

export type Labels = { readonly [key: string]: string }

export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<'

export interface SelectorRequirement {
  readonly key: string
  readonly operator: SelectorOperator
  /** Sorted, without duplicates. */
  readonly values: readonly string[]
}

/** All requirements must hold; sorted by key. No requirement: everything. `'nothing'` selects nothing. */
export type Selector = readonly SelectorRequirement[] | 'nothing'

const noLabels: Labels = {}

const valueAt = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined)

const requirementHolds = ({ key, operator, values = [] }: LabelSelectorRequirement, labels: Labels): boolean => {
  const value = valueAt(labels, key)
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

/** No selector selects nothing; an empty one selects everything. The quick way for selectors of stored objects. */
export const selectorMatches = (selector: LabelSelector | undefined, labels: Labels = noLabels): boolean => {
  if (selector === undefined) return false
  const { matchLabels, matchExpressions } = selector
  if (matchLabels !== undefined) for (const key in matchLabels) if (labels[key] !== matchLabels[key]) return false
  return matchExpressions === undefined || matchExpressions.every((requirement) => requirementHolds(requirement, labels))
}

const int64Of = (text: string): bigint | undefined => (/^[+-]?[0-9]+$/.test(text) ? BigInt(text.replace('+', '')) : undefined)

const parsedRequirementHolds = ({ key, operator, values }: SelectorRequirement, labels: Labels): boolean => {
  const value = valueAt(labels, key)
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case '>':
    case '<': {
      const left = value === undefined ? undefined : int64Of(value)
      const right = int64Of(values[0] ?? '')
      return left !== undefined && right !== undefined && (operator === '>' ? left > right : left < right)
    }
  }
}

export const matchesSelector = (selector: Selector, labels: Labels = noLabels): boolean =>
  selector !== 'nothing' && selector.every((requirement) => parsedRequirementHolds(requirement, labels))

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)
const byKey = (left: SelectorRequirement, right: SelectorRequirement): number => compareText(left.key, right.key)
const sortedSet = (values: readonly string[]): readonly string[] => [...new Set(values)].sort(compareText)

/** Exactly these labels: the selector of a Service or a ReplicationController. None selects everything, as SelectorFromSet. */
export const selectorOfLabels = (labels: Labels | undefined): Selector =>
  Object.entries(labels ?? noLabels)
    .map(([key, value]): SelectorRequirement => ({ key, operator: '=', values: [value] }))
    .sort(byKey)

const operatorsOfRequirements: ReadonlyMap<string, SelectorOperator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
])

/** Follows LabelSelectorAsSelector: no selector selects nothing. An operator that does not exist selects nothing (validation refuses it). */
export const selectorOf = (labelSelector: LabelSelector | undefined): Selector => {
  if (labelSelector === undefined) return 'nothing'
  const requirements = Object.entries(labelSelector.matchLabels ?? noLabels).map(([key, value]): SelectorRequirement => ({
    key,
    operator: '=',
    values: [value],
  }))
  for (const { key, operator: name, values } of labelSelector.matchExpressions ?? []) {
    const operator = operatorsOfRequirements.get(name)
    if (operator === undefined) return 'nothing'
    requirements.push({ key, operator, values: sortedSet(values ?? []) })
  }
  return requirements.sort(byKey)
}

const formatRequirement = ({ key, operator, values }: SelectorRequirement): string => {
  if (operator === 'exists') return key
  if (operator === '!') return `!${key}`
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.join(',')})`
  return `${key}${operator}${values.join(',')}`
}

/** `app=web,tier in (a,b),!old`: what a query parameter carries. Both everything and nothing give ''. */
export const formatSelector = (selector: Selector): string => (selector === 'nothing' ? '' : selector.map(formatRequirement).join(','))

/** What kubectl prints in a SELECTOR column. Follows FormatLabelSelector. */
export const formatLabelSelector = (labelSelector: LabelSelector | undefined): string => {
  const text = formatSelector(selectorOf(labelSelector))
  return text === '' ? '<none>' : text
}

interface Token {
  readonly kind: 'end' | 'error' | 'identifier' | ')' | '(' | ',' | SelectorOperator
  readonly literal: string
}

const isWhiteSpace = (character: string): boolean => character === ' ' || character === '\t' || character === '\r' || character === '\n'
const isSpecial = (character: string): boolean => '=!(),><'.includes(character)
const symbols: ReadonlyMap<string, Token['kind']> = new Map<string, Token['kind']>([
  [')', ')'],
  [',', ','],
  ['!', '!'],
  ['==', '=='],
  ['=', '='],
  ['>', '>'],
  ['<', '<'],
  ['!=', '!='],
  ['(', '('],
])

/** Longest symbols first: `!=` before `!`. Words end at white space and symbols. */
const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const character = text.charAt(at)
    if (isWhiteSpace(character)) {
      at += 1
      continue
    }
    if (isSpecial(character)) {
      const two = text.slice(at, at + 2)
      const literal = symbols.has(two) ? two : character
      tokens.push({ kind: symbols.get(literal) ?? 'error', literal })
      at += literal.length
      continue
    }
    let end = at
    while (end < text.length && !isWhiteSpace(text.charAt(end)) && !isSpecial(text.charAt(end))) end += 1
    const literal = text.slice(at, end)
    tokens.push({ kind: literal === 'in' || literal === 'notin' ? literal : 'identifier', literal })
    at = end
  }
  return tokens
}

const endToken: Token = { kind: 'end', literal: '' }
const binaryOperators = 'in, notin, =, ==, !=, gt, lt'

const invalidAt = (path: string, value: string, errors: readonly string[]): string =>
  `${path}: Invalid value: ${JSON.stringify(value)}: ${errors.join('; ')}`
const aggregate = (errors: readonly string[]): string => (errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`)

/** Follows NewRequirement (the key has been checked already). */
const makeRequirement = (key: string, operator: SelectorOperator, values: readonly string[]): E.Either<string, SelectorRequirement> => {
  const sorted = sortedSet(values)
  const errors: string[] = []
  if (operator === '>' || operator === '<') {
    for (const [index, value] of sorted.entries())
      if (int64Of(value) === undefined)
        errors.push(invalidAt(`values[${index}]`, value, ["for 'Gt', 'Lt' operators, the value must be an integer"]))
  }
  for (const [index, value] of sorted.entries()) {
    const complaints = labelValueErrors(value)
    if (complaints.length > 0) errors.push(invalidAt(`values[${index}][${key}]`, value, complaints))
  }
  return errors.length > 0 ? E.left(aggregate(errors)) : E.right({ key, operator, values: sorted })
}

/** Where keys and values are expected, `in` and `notin` are words like others. */
const asWord = (token: Token): Token =>
  token.kind === 'in' || token.kind === 'notin' ? { kind: 'identifier', literal: token.literal } : token

/** The left side is the error text, as kubectl and the server print it. */
export const parseSelector = (text: string): E.Either<string, Selector> => {
  const tokens = tokensOf(text)
  let position = 0
  const look = (): Token => asWord(tokens[position] ?? endToken)
  const take = (): Token => {
    const token = look()
    position += 1
    return token
  }

  /** Follows parseIdentifiersList: `(a,,b)` holds an empty value. */
  const parseValueList = (): E.Either<string, readonly string[]> => {
    const open = take()
    if (open.kind !== '(') return E.left(`found '${open.literal}' expected: '('`)
    const first = look()
    if (first.kind === ')') {
      take()
      return E.right([''])
    }
    if (first.kind !== 'identifier' && first.kind !== ',') return E.left(`found '${first.literal}', expected: ',', ')' or identifier`)
    const values: string[] = []
    for (;;) {
      const token = take()
      const next = look()
      if (token.kind === 'identifier') {
        values.push(token.literal)
        if (next.kind === ')') break
        if (next.kind !== ',') return E.left(`found '${next.literal}', expected: ',' or ')'`)
      } else if (token.kind === ',') {
        if (values.length === 0 || next.kind === ',' || next.kind === ')') values.push('')
        if (next.kind === ')') break
      } else return E.left(`found '${token.literal}', expected: ',', or identifier`)
    }
    take()
    return E.right(values)
  }

  const parseRequirement = (): E.Either<string, SelectorRequirement> => {
    let token = take()
    const isNegated = token.kind === '!'
    if (isNegated) token = take()
    if (token.kind !== 'identifier') return E.left(`found '${token.literal}', expected: identifier`)
    const key = token.literal
    const complaints = labelKeyErrors(key)
    if (complaints.length > 0) return E.left(invalidAt('<nil>', key, complaints))
    const next = look()
    if (isNegated) return makeRequirement(key, '!', [])
    if (next.kind === 'end' || next.kind === ',') return makeRequirement(key, 'exists', [])
    const operator = tokens[position] ?? endToken
    position += 1
    switch (operator.kind) {
      case 'in':
      case 'notin': {
        const values = parseValueList()
        return E.isLeft(values) ? values : makeRequirement(key, operator.kind, values.right)
      }
      case '=':
      case '==':
      case '!=':
      case '>':
      case '<': {
        const value = look()
        if (value.kind === 'end' || value.kind === ',') return makeRequirement(key, operator.kind, [''])
        take()
        return value.kind === 'identifier'
          ? makeRequirement(key, operator.kind, [value.literal])
          : E.left(`found '${value.literal}', expected: identifier`)
      }
      default:
        return E.left(`found '${operator.literal}', expected: ${binaryOperators}`)
    }
  }

  const requirements: SelectorRequirement[] = []
  for (;;) {
    const token = look()
    if (token.kind === 'end') return E.right(requirements.sort(byKey))
    if (token.kind !== 'identifier' && token.kind !== '!')
      return E.left(`found '${token.literal}', expected: !, identifier, or 'end of string'`)
    const requirement = parseRequirement()
    if (E.isLeft(requirement)) return E.left(`unable to parse requirement: ${requirement.left}`)
    requirements.push(requirement.right)
    const after = take()
    if (after.kind === 'end') return E.right(requirements.sort(byKey))
    if (after.kind !== ',') return E.left(`found '${after.literal}', expected: ',' or 'end of string'`)
    const next = look()
    if (next.kind !== 'identifier' && next.kind !== '!') return E.left(`found '${next.literal}', expected: identifier after ','`)
  }
}
