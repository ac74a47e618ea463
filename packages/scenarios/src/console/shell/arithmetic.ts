/** `$(( … ))`: whole numbers, the operators of C, assignments to variables. */
import * as E from 'fp-ts/lib/Either.js'

export interface ArithmeticVariables {
  readonly get: (name: string) => string | undefined
  readonly set: (name: string, value: string) => void
}

const tokenPattern =
  /\s*(?:(0[xX][0-9a-fA-F]+|\d+)|([A-Za-z_]\w*)|(\*\*|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%]=|[-+*/%<>=!&|^~?:(),]))/y

type Token = { readonly kind: 'number'; readonly value: number } | { readonly kind: 'name' | 'sign' | 'end'; readonly text: string }

const tokensOf = (text: string): readonly Token[] | undefined => {
  const tokens: Token[] = []
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < text.length) {
    if (text.slice(tokenPattern.lastIndex).trim() === '') break
    const match = tokenPattern.exec(text)
    if (match === null) return undefined
    if (match[1] !== undefined)
      tokens.push({ kind: 'number', value: /^0[0-7]+$/.test(match[1]) ? Number.parseInt(match[1], 8) : Number(match[1]) })
    else if (match[2] !== undefined) tokens.push({ kind: 'name', text: match[2] })
    else tokens.push({ kind: 'sign', text: match[3] ?? '' })
  }
  return tokens
}

const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
]

const apply = (sign: string, a: number, b: number): number | undefined => {
  switch (sign) {
    case '||':
      return a !== 0 || b !== 0 ? 1 : 0
    case '&&':
      return a !== 0 && b !== 0 ? 1 : 0
    case '|':
      return a | b
    case '^':
      return a ^ b
    case '&':
      return a & b
    case '==':
      return a === b ? 1 : 0
    case '!=':
      return a !== b ? 1 : 0
    case '<':
      return a < b ? 1 : 0
    case '>':
      return a > b ? 1 : 0
    case '<=':
      return a <= b ? 1 : 0
    case '>=':
      return a >= b ? 1 : 0
    case '<<':
      return a << b
    case '>>':
      return a >> b
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0 ? undefined : Math.trunc(a / b)
    case '%':
      return b === 0 ? undefined : a % b
    default:
      return undefined
  }
}

/** The number, or the words after `arithmetic: `. */
export const evaluateArithmetic = (text: string, variables: ArithmeticVariables): E.Either<string, number> => {
  const tokens = tokensOf(text)
  if (tokens === undefined) return E.left('syntax error: bad number or sign')
  let at = 0
  let problem: string | undefined
  const ahead = (): Token => tokens[at] ?? { kind: 'end', text: '' }
  const isSign = (text_: string): boolean => {
    const token = ahead()
    return token.kind === 'sign' && token.text === text_
  }
  const take = (text_: string): boolean => {
    if (!isSign(text_)) return false
    at += 1
    return true
  }
  const valueOf = (name: string): number => {
    const value = (variables.get(name) ?? '').trim()
    if (value === '') return 0
    if (/^[-+]?\d+$/.test(value)) return Number(value)
    problem ??= `syntax error: invalid number '${value}'`
    return 0
  }

  const primary = (): number => {
    const token = ahead()
    at += 1
    if (token.kind === 'number') return token.value
    if (token.kind === 'name') {
      if (isSign('++') || isSign('--')) {
        const before = valueOf(token.text)
        variables.set(token.text, String(before + (isSign('++') ? 1 : -1)))
        at += 1
        return before
      }
      return valueOf(token.text)
    }
    if (token.kind === 'sign') {
      if (token.text === '(') {
        const value = expression()
        if (!take(')')) problem ??= 'syntax error: expecting )'
        return value
      }
      if (token.text === '-') return -primary()
      if (token.text === '+') return primary()
      if (token.text === '!') return primary() === 0 ? 1 : 0
      if (token.text === '~') return ~primary()
      if (token.text === '++' || token.text === '--') {
        const name = ahead()
        if (name.kind === 'name') {
          at += 1
          const value = valueOf(name.text) + (token.text === '++' ? 1 : -1)
          variables.set(name.text, String(value))
          return value
        }
      }
    }
    problem ??= 'syntax error: expecting primary'
    return 0
  }
  const power = (): number => {
    const base = primary()
    if (!take('**')) return base
    const exponent = power()
    let result = 1
    for (let count = 0; count < Math.min(exponent, 64); count += 1) result *= base
    return result
  }
  const binary = (level: number): number => {
    const signs = levels[level]
    if (signs === undefined) return power()
    let value = binary(level + 1)
    for (;;) {
      const token = ahead()
      if (token.kind !== 'sign' || !signs.includes(token.text)) return value
      at += 1
      const result = apply(token.text, value, binary(level + 1))
      if (result === undefined) problem ??= 'divide by zero'
      value = result ?? 0
    }
  }
  const conditional = (): number => {
    const condition = binary(0)
    if (!take('?')) return condition
    const whenTrue = expression()
    if (!take(':')) problem ??= 'syntax error: expecting :'
    const whenFalse = conditional()
    return condition === 0 ? whenFalse : whenTrue
  }
  const expression = (): number => {
    const token = ahead()
    const sign = tokens[at + 1]
    if (token.kind === 'name' && sign?.kind === 'sign' && /^(?:=|[-+*/%]=|<<=|>>=)$/.test(sign.text)) {
      at += 2
      const right = expression()
      const value = sign.text === '=' ? right : apply(sign.text.slice(0, -1), valueOf(token.text), right)
      if (value === undefined) problem ??= 'divide by zero'
      variables.set(token.text, String(value ?? 0))
      return value ?? 0
    }
    return conditional()
  }

  if (tokens.length === 0) return E.right(0)
  const value = expression()
  if (problem === undefined && at < tokens.length) problem = 'syntax error: junk at end'
  return problem === undefined ? E.right(value) : E.left(problem)
}
