/** awk: patterns and actions, fields, arrays, the usual operators and functions; no user functions, no getline, no output files. */
import { formatPrintf } from '../shell/printf.js'
import { instant, pathFrom, type Program } from '../shell/machine.js'
import { escapesOf } from '../shell/parse.js'
import { complain, readOptions } from './options.js'
import { linesOf, posixRegExp } from './text-programs.js'

type Value = string | number

type Expression =
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'regex'; readonly pattern: RegExp }
  | { readonly kind: 'variable'; readonly name: string; readonly index: Expression | undefined }
  | { readonly kind: 'field'; readonly number: Expression }
  | { readonly kind: 'unary' | 'before' | 'after'; readonly sign: string; readonly of: Expression }
  | { readonly kind: 'binary'; readonly sign: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'assign'; readonly sign: string; readonly target: Expression; readonly value: Expression }
  | { readonly kind: 'choice'; readonly condition: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }

type Statement =
  | { readonly kind: 'expression'; readonly value: Expression }
  | { readonly kind: 'print' | 'printf'; readonly values: readonly Expression[] }
  | { readonly kind: 'if'; readonly condition: Expression; readonly yes: readonly Statement[]; readonly no: readonly Statement[] }
  | { readonly kind: 'in'; readonly name: string; readonly array: string; readonly body: readonly Statement[] }
  | {
      readonly kind: 'loop'
      readonly first: readonly Statement[]
      readonly condition: Expression | undefined
      readonly next: readonly Statement[]
      readonly body: readonly Statement[]
    }
  | { readonly kind: 'delete'; readonly name: string; readonly index: Expression | undefined }
  | { readonly kind: 'jump'; readonly to: 'next' | 'exit' | 'break' | 'continue'; readonly status: Expression | undefined }

interface Rule {
  readonly when: 'BEGIN' | 'END' | Expression | undefined
  readonly until: Expression | undefined
  /** Undefined: print the line. */
  readonly body: readonly Statement[] | undefined
}

type Token = {
  readonly kind: 'number' | 'text' | 'regex' | 'name' | 'sign' | 'newline' | 'end'
  readonly text: string
  readonly touches: boolean
}

const tokenize = (program: string): readonly Token[] | undefined => {
  const tokens: Token[] = []
  let at = 0
  while (at < program.length) {
    const rest = program.slice(at)
    const blank = /^(?:[ \t\r]+|\\\n|#[^\n]*)/.exec(rest)?.[0]
    if (blank !== undefined) {
      at += blank.length
      continue
    }
    const last = tokens.at(-1)
    const valueBefore =
      last !== undefined &&
      (['number', 'text', 'name', 'regex'].includes(last.kind) || last.text === ')' || last.text === ']' || last.text === '$') &&
      !['print', 'printf', 'return', 'in'].includes(last.text)
    const match =
      /^\n/.exec(rest) ??
      /^\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|^\.\d+/.exec(rest) ??
      /^"(?:[^"\\]|\\[^])*"/.exec(rest) ??
      (valueBefore ? null : /^\/(?:[^/\\\n[]|\\.|\[[^\]]*\])+\//.exec(rest)) ??
      /^[A-Za-z_]\w*/.exec(rest) ??
      /^(?:&&|\|\||==|!=|<=|>=|!~|\+\+|--|[-+*/%^]=|[-+*/%^<>=!~?:;,(){}[\]$])/.exec(rest)
    if (match === null) return undefined
    const [text] = match
    const first = text.charAt(0)
    const kind =
      first === '\n'
        ? 'newline'
        : /[\d.]/.test(first)
          ? 'number'
          : first === '"'
            ? 'text'
            : first === '/' && text.length > 2
              ? 'regex'
              : /[A-Za-z_]/.test(first)
                ? 'name'
                : 'sign'
    at += text.length
    tokens.push({
      kind,
      text: kind === 'text' ? escapesOf(text.slice(1, -1).replaceAll('\\/', '/')) : kind === 'regex' ? text.slice(1, -1) : text,
      touches: program.charAt(at) === '(',
    })
  }
  return tokens
}

const parse = (program: string): readonly Rule[] | undefined => {
  const tokens = tokenize(program)
  if (tokens === undefined) return undefined
  let at = 0
  let failed = false
  const ahead = (): Token => tokens[at] ?? { kind: 'end', text: '', touches: false }
  const isSign = (text: string): boolean => ahead().kind === 'sign' && ahead().text === text
  const isName = (text: string): boolean => ahead().kind === 'name' && ahead().text === text
  const take = (text: string): boolean => {
    if (!isSign(text)) return false
    at += 1
    return true
  }
  const expect = (text: string): void => {
    if (!take(text)) fail()
  }
  const fail = (): void => {
    failed = true
    at = tokens.length
  }
  const skipEnds = (): void => {
    while (ahead().kind === 'newline' || isSign(';')) at += 1
  }
  const constant = (value: Value): Expression => ({ kind: 'constant', value })

  const primary = (): Expression => {
    const token = ahead()
    at += 1
    switch (token.kind) {
      case 'number':
        return constant(Number(token.text))
      case 'text':
        return constant(token.text)
      case 'regex': {
        const pattern = posixRegExp(token.text, true, '')
        if (pattern === undefined) fail()
        return { kind: 'regex', pattern: pattern ?? /(?:)/ }
      }
      case 'name': {
        if (isSign('(') && token.touches && functions.has(token.text)) {
          at += 1
          const args: Expression[] = []
          while (!isSign(')') && ahead().kind !== 'end') {
            args.push(expression())
            if (!take(',')) break
          }
          expect(')')
          return { kind: 'call', name: token.text, args }
        }
        if (token.text === 'length') return { kind: 'call', name: 'length', args: [] }
        let index: Expression | undefined
        if (take('[')) {
          index = expression()
          expect(']')
        }
        const variable: Expression = { kind: 'variable', name: token.text, index }
        return suffix(variable)
      }
      case 'sign':
        if (token.text === '$') return suffix({ kind: 'field', number: isSign('++') || isSign('--') || isSign('-') ? unary() : primary() })
        if (token.text === '(') {
          const inner = expression()
          expect(')')
          return inner
        }
        break
      case 'newline':
      case 'end':
    }
    fail()
    return constant('')
  }
  const suffix = (of: Expression): Expression => {
    const sign = isSign('++') ? '++' : isSign('--') ? '--' : undefined
    if (sign === undefined) return of
    at += 1
    return { kind: 'after', sign, of }
  }
  const unary = (): Expression => {
    for (const sign of ['!', '-', '+', '++', '--'])
      if (take(sign)) return { kind: sign.length === 2 ? 'before' : 'unary', sign, of: unary() }
    const base = primary()
    return take('^') ? { kind: 'binary', sign: '^', left: base, right: unary() } : base
  }
  const levels: readonly (readonly string[])[] = [
    ['*', '/', '%'],
    ['+', '-'],
  ]
  const arithmetic = (level: number): Expression => {
    if (level < 0) return unary()
    let left = arithmetic(level - 1)
    for (;;) {
      const sign = (levels[level] ?? []).find(isSign)
      if (sign === undefined) return left
      at += 1
      left = { kind: 'binary', sign, left, right: arithmetic(level - 1) }
    }
  }
  const startsValue = (): boolean => {
    const token = ahead()
    return (
      ['number', 'text', 'regex'].includes(token.kind) ||
      (token.kind === 'name' && token.text !== 'in') ||
      (token.kind === 'sign' && ['$', '(', '!', '-', '+', '++', '--'].includes(token.text) && !['-', '+'].includes(token.text))
    )
  }
  const concatenation = (): Expression => {
    let left = arithmetic(1)
    while (startsValue()) left = { kind: 'binary', sign: ' ', left, right: arithmetic(1) }
    return left
  }
  let noGreater = false
  const comparison = (): Expression => {
    const left = concatenation()
    const sign = ['<', '<=', '==', '!=', '>', '>=', '~', '!~'].find(isSign)
    if (sign === undefined || (sign === '>' && noGreater)) {
      if (!isName('in')) return left
      at += 1
      const array = ahead().text
      at += 1
      return { kind: 'binary', sign: 'in', left, right: constant(array) }
    }
    at += 1
    return { kind: 'binary', sign, left, right: concatenation() }
  }
  const conjunction = (): Expression => {
    let left = comparison()
    while (take('&&')) left = { kind: 'binary', sign: '&&', left, right: comparison() }
    return left
  }
  const disjunction = (): Expression => {
    let left = conjunction()
    while (take('||')) left = { kind: 'binary', sign: '||', left, right: conjunction() }
    return left
  }
  const expression = (): Expression => {
    const left = disjunction()
    if (take('?')) {
      const yes = expression()
      expect(':')
      return { kind: 'choice', condition: left, yes, no: expression() }
    }
    const sign = ['=', '+=', '-=', '*=', '/=', '%=', '^='].find(isSign)
    if (sign === undefined || (left.kind !== 'variable' && left.kind !== 'field')) return left
    at += 1
    return { kind: 'assign', sign, target: left, value: expression() }
  }

  const block = (): readonly Statement[] => {
    while (ahead().kind === 'newline') at += 1
    if (!take('{')) return [statement()].flat()
    const body: Statement[] = []
    for (;;) {
      skipEnds()
      if (take('}')) return body
      if (ahead().kind === 'end') {
        fail()
        return body
      }
      body.push(...[statement()].flat())
    }
  }
  const statement = (): Statement | readonly Statement[] => {
    if (isSign('{')) return block()
    if (isName('print') || isName('printf')) {
      const kind = ahead().text === 'print' ? 'print' : 'printf'
      at += 1
      noGreater = true
      const values: Expression[] = []
      const wrapped = isSign('(') && closesStatement()
      if (wrapped) at += 1
      while (!isSign(';') && !isSign('}') && !isSign(')') && ahead().kind !== 'newline' && ahead().kind !== 'end') {
        values.push(expression())
        if (!take(',')) break
      }
      if (wrapped) expect(')')
      noGreater = false
      if (isSign('>')) fail()
      return { kind, values }
    }
    if (isName('if')) {
      at += 1
      expect('(')
      const condition = expression()
      expect(')')
      const yes = block()
      const before = at
      skipEnds()
      if (!isName('else')) {
        at = before
        return { kind: 'if', condition, yes, no: [] }
      }
      at += 1
      return { kind: 'if', condition, yes, no: block() }
    }
    if (isName('for')) {
      at += 1
      expect('(')
      const [name, word, array, close] = [tokens[at], tokens[at + 1], tokens[at + 2], tokens[at + 3]]
      if (name?.kind === 'name' && word?.text === 'in' && array?.kind === 'name' && close?.text === ')') {
        at += 4
        return { kind: 'in', name: name.text, array: array.text, body: block() }
      }
      const first = isSign(';') ? [] : [statement()].flat()
      expect(';')
      const condition = isSign(';') ? undefined : expression()
      expect(';')
      const next = isSign(')') ? [] : [statement()].flat()
      expect(')')
      return { kind: 'loop', first, condition, next, body: block() }
    }
    if (isName('while')) {
      at += 1
      expect('(')
      const condition = expression()
      expect(')')
      return { kind: 'loop', first: [], condition, next: [], body: block() }
    }
    if (isName('delete')) {
      at += 1
      const name = ahead().text
      at += 1
      let index: Expression | undefined
      if (take('[')) {
        index = expression()
        expect(']')
      }
      return { kind: 'delete', name, index }
    }
    for (const to of ['next', 'exit', 'break', 'continue'] as const) {
      if (!isName(to)) continue
      at += 1
      return { kind: 'jump', to, status: to === 'exit' && startsValue() ? expression() : undefined }
    }
    return { kind: 'expression', value: expression() }
  }
  /** `print(a, b)`: the parentheses hold all the values. */
  const closesStatement = (): boolean => {
    let depth = 0
    for (let place = at; place < tokens.length; place += 1) {
      const token = tokens[place]
      if (token?.kind !== 'sign') continue
      if (token.text === '(') depth += 1
      if (token.text === ')') depth -= 1
      if (depth > 0) continue
      const next = tokens[place + 1]
      return next === undefined || next.kind === 'newline' || next.text === ';' || next.text === '}'
    }
    return false
  }

  const rules: Rule[] = []
  for (;;) {
    skipEnds()
    if (ahead().kind === 'end') break
    let when: Rule['when']
    let until: Expression | undefined
    if (isName('BEGIN') || isName('END')) {
      when = ahead().text === 'BEGIN' ? 'BEGIN' : 'END'
      at += 1
    } else if (!isSign('{')) {
      when = expression()
      if (take(',')) until = expression()
    }
    rules.push({ when, until, body: isSign('{') ? block() : undefined })
  }
  return failed ? undefined : rules
}

const functions: ReadonlySet<string> = new Set([
  'length',
  'substr',
  'index',
  'split',
  'sub',
  'gsub',
  'match',
  'toupper',
  'tolower',
  'sprintf',
  'int',
])

const looksNumeric = (value: Value): boolean => typeof value === 'number' || /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(value)
const numberOf = (value: Value): number =>
  typeof value === 'number' ? value : Number(/^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(value)?.[0] ?? '0')
const textOf = (value: Value): string =>
  typeof value === 'string' ? value : Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))
const isTrue = (value: Value): boolean => (typeof value === 'number' ? value !== 0 : value !== '')

/** Steps of all loops of one program. */
const stepsMax = 1_000_000

interface Run {
  readonly output: (text: string) => void
  readonly variables: Map<string, Value>
}

/** Runs the rules over the lines; the answer is the exit status. */
const execute = (
  rules: readonly Rule[],
  files: readonly { readonly name: string; readonly text: string }[],
  { output, variables }: Run,
): number => {
  const arrays = new Map<string, Map<string, Value>>()
  let line = ''
  let fields: string[] = []
  let jump: 'next' | 'exit' | 'break' | 'continue' | undefined
  let status = 0
  let steps = 0
  const arrayOf = (name: string): Map<string, Value> => {
    const found = arrays.get(name) ?? new Map<string, Value>()
    arrays.set(name, found)
    return found
  }
  const split = (text: string, separator: string): string[] => {
    if (text === '') return []
    if (separator === ' ') return text.trim() === '' ? [] : text.trim().split(/\s+/)
    if (separator.length === 1 && separator !== '|') return text.split(separator)
    return text.split(posixRegExp(separator === '|' ? '\\|' : separator, true, '') ?? separator)
  }
  const setLine = (text: string): void => {
    line = text
    fields = split(text, textOf(variables.get('FS') ?? ' '))
    variables.set('NF', fields.length)
  }
  const rejoin = (): void => {
    line = fields.join(textOf(variables.get('OFS') ?? ' '))
    variables.set('NF', fields.length)
  }
  const patternOf = (expression: Expression | undefined): RegExp =>
    expression?.kind === 'regex'
      ? expression.pattern
      : (posixRegExp(expression === undefined ? '' : textOf(evaluate(expression)), true, '') ?? /(?!)/)
  const read = (target: Expression): Value => {
    if (target.kind === 'field') {
      const number = numberOf(evaluate(target.number))
      return number === 0 ? line : (fields[number - 1] ?? '')
    }
    if (target.kind !== 'variable') return evaluate(target)
    return target.index === undefined
      ? (variables.get(target.name) ?? '')
      : (arrayOf(target.name).get(textOf(evaluate(target.index))) ?? '')
  }
  const write = (target: Expression, value: Value): Value => {
    if (target.kind === 'field') {
      const number = numberOf(evaluate(target.number))
      if (number === 0) setLine(textOf(value))
      else {
        while (fields.length < Math.min(number, 10_000)) fields.push('')
        fields[number - 1] = textOf(value)
        rejoin()
      }
    } else if (target.kind === 'variable') {
      if (target.index !== undefined) arrayOf(target.name).set(textOf(evaluate(target.index)), value)
      else {
        variables.set(target.name, value)
        if (target.name === 'NF') {
          fields = Array.from({ length: Math.min(numberOf(value), 10_000) }, (_unused, index) => fields[index] ?? '')
          rejoin()
        }
      }
    }
    return value
  }
  const compute = (sign: string, a: Value, b: Value): Value => {
    switch (sign) {
      case '+':
        return numberOf(a) + numberOf(b)
      case '-':
        return numberOf(a) - numberOf(b)
      case '*':
        return numberOf(a) * numberOf(b)
      case '/':
        return numberOf(a) / numberOf(b)
      case '%':
        return numberOf(a) % numberOf(b)
      case '^':
        return numberOf(a) ** numberOf(b)
      default:
        return textOf(a) + textOf(b)
    }
  }
  const compare = (sign: string, a: Value, b: Value): boolean => {
    const numeric = looksNumeric(a) && looksNumeric(b)
    const left: Value = numeric ? numberOf(a) : textOf(a)
    const right: Value = numeric ? numberOf(b) : textOf(b)
    switch (sign) {
      case '<':
        return left < right
      case '<=':
        return left <= right
      case '==':
        return left === right
      case '!=':
        return left !== right
      case '>':
        return left > right
      default:
        return left >= right
    }
  }
  const call = (name: string, args: readonly Expression[]): Value => {
    const text = (index: number): string => (args[index] === undefined ? '' : textOf(evaluate(args[index])))
    switch (name) {
      case 'length': {
        const [only] = args
        if (only?.kind === 'variable' && only.index === undefined && arrays.has(only.name)) return arrayOf(only.name).size
        return args.length === 0 ? line.length : text(0).length
      }
      case 'substr': {
        const from = args[1] === undefined ? 1 : numberOf(evaluate(args[1]))
        const length = args[2] === undefined ? undefined : numberOf(evaluate(args[2]))
        const start = Math.max(0, from - 1)
        return text(0).slice(start, length === undefined ? undefined : Math.max(start, from - 1 + length))
      }
      case 'index':
        return text(0).indexOf(text(1)) + 1
      case 'match': {
        const match = patternOf(args[1]).exec(text(0))
        variables.set('RSTART', match === null ? 0 : match.index + 1)
        variables.set('RLENGTH', match === null ? -1 : match[0].length)
        return match === null ? 0 : match.index + 1
      }
      case 'toupper':
        return text(0).toUpperCase()
      case 'tolower':
        return text(0).toLowerCase()
      case 'int':
        return Math.trunc(args[0] === undefined ? 0 : numberOf(evaluate(args[0])))
      case 'sprintf':
        return formatPrintf(
          text(0),
          args.slice(1).map((arg) => textOf(evaluate(arg))),
        )
      case 'split': {
        const [, target, separator] = args
        const pieces =
          separator?.kind === 'regex'
            ? text(0).split(separator.pattern)
            : split(text(0), separator === undefined ? textOf(variables.get('FS') ?? ' ') : text(2))
        if (target?.kind === 'variable') arrays.set(target.name, new Map(pieces.map((piece, index) => [String(index + 1), piece])))
        return pieces.length
      }
      case 'sub':
      case 'gsub': {
        const target: Expression = args[2] ?? { kind: 'field', number: { kind: 'constant', value: 0 } }
        const pattern = patternOf(args[0])
        const replacement = text(1)
        let count = 0
        const result = textOf(read(target)).replace(new RegExp(pattern.source, name === 'gsub' ? 'g' : ''), (whole) => {
          count += 1
          return replacement.replace(/\\&|&/g, (sign) => (sign === '&' ? whole : '&'))
        })
        if (count > 0) write(target, result)
        return count
      }
      default:
        return ''
    }
  }
  const evaluate = (expression: Expression): Value => {
    switch (expression.kind) {
      case 'constant':
        return expression.value
      case 'regex':
        return expression.pattern.test(line) ? 1 : 0
      case 'variable':
      case 'field':
        return read(expression)
      case 'unary': {
        const value = evaluate(expression.of)
        return expression.sign === '!' ? (isTrue(value) ? 0 : 1) : expression.sign === '-' ? -numberOf(value) : numberOf(value)
      }
      case 'before':
      case 'after': {
        const before = numberOf(read(expression.of))
        const after = before + (expression.sign === '++' ? 1 : -1)
        write(expression.of, after)
        return expression.kind === 'before' ? after : before
      }
      case 'binary': {
        const { sign, left, right } = expression
        if (sign === '&&') return isTrue(evaluate(left)) && isTrue(evaluate(right)) ? 1 : 0
        if (sign === '||') return isTrue(evaluate(left)) || isTrue(evaluate(right)) ? 1 : 0
        if (sign === 'in') return arrayOf(textOf(evaluate(right))).has(textOf(evaluate(left))) ? 1 : 0
        if (sign === '~' || sign === '!~') return patternOf(right).test(textOf(evaluate(left))) === (sign === '~') ? 1 : 0
        if (['<', '<=', '==', '!=', '>', '>='].includes(sign)) {
          // A text constant makes it a comparison of texts.
          const isText = [left, right].some((side) => side.kind === 'constant' && typeof side.value === 'string')
          const [a, b] = [evaluate(left), evaluate(right)]
          return (isText ? compareTexts(sign, textOf(a), textOf(b)) : compare(sign, a, b)) ? 1 : 0
        }
        return compute(sign, evaluate(left), evaluate(right))
      }
      case 'assign': {
        const value = evaluate(expression.value)
        return write(
          expression.target,
          expression.sign === '=' ? value : compute(expression.sign.charAt(0), read(expression.target), value),
        )
      }
      case 'choice':
        return isTrue(evaluate(expression.condition)) ? evaluate(expression.yes) : evaluate(expression.no)
      case 'call':
        return call(expression.name, expression.args)
    }
  }
  const compareTexts = (sign: string, a: string, b: string): boolean => {
    switch (sign) {
      case '<':
        return a < b
      case '<=':
        return a <= b
      case '==':
        return a === b
      case '!=':
        return a !== b
      case '>':
        return a > b
      default:
        return a >= b
    }
  }
  const runAll = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (jump !== undefined) return
      run(statement)
    }
  }
  const round = (body: readonly Statement[]): boolean => {
    steps += 1
    runAll(body)
    if (jump === 'continue') jump = undefined
    if (jump === 'break') {
      jump = undefined
      return false
    }
    if (steps > stepsMax) jump = 'exit'
    return jump === undefined
  }
  const run = (statement: Statement): void => {
    switch (statement.kind) {
      case 'expression':
        evaluate(statement.value)
        return
      case 'print':
        output(
          (statement.values.length === 0
            ? line
            : statement.values.map((value) => textOf(evaluate(value))).join(textOf(variables.get('OFS') ?? ' '))) +
            textOf(variables.get('ORS') ?? '\n'),
        )
        return
      case 'printf': {
        const [format = '', ...values] = statement.values.map((value) => textOf(evaluate(value)))
        output(formatPrintf(format, values.length === 0 ? [''] : values))
        return
      }
      case 'if':
        runAll(isTrue(evaluate(statement.condition)) ? statement.yes : statement.no)
        return
      case 'in':
        // A copy: the body may delete.
        for (const key of Array.from(arrayOf(statement.array).keys())) {
          variables.set(statement.name, key)
          if (!round(statement.body)) return
        }
        return
      case 'loop':
        runAll(statement.first)
        while (statement.condition === undefined || isTrue(evaluate(statement.condition))) {
          if (!round(statement.body)) return
          runAll(statement.next)
        }
        return
      case 'delete':
        if (statement.index === undefined) arrays.delete(statement.name)
        else arrayOf(statement.name).delete(textOf(evaluate(statement.index)))
        return
      case 'jump':
        if (statement.status !== undefined) status = numberOf(evaluate(statement.status))
        jump = statement.to
    }
  }

  const printLine: readonly Statement[] = [{ kind: 'print', values: [] }]
  for (const { when, body } of rules) if (when === 'BEGIN') runAll(body ?? printLine)
  const main = rules.filter(({ when }) => when !== 'BEGIN' && when !== 'END')
  const open = new Set<Rule>()
  let number = 0
  if (main.length > 0 || rules.some(({ when }) => when === 'END'))
    for (const { name, text } of files) {
      if (jump === 'exit') break
      variables.set('FILENAME', name)
      let inFile = 0
      for (const next of linesOf(text)) {
        number += 1
        inFile += 1
        variables.set('NR', number)
        variables.set('FNR', inFile)
        setLine(next)
        for (const rule of main) {
          const { when, until, body } = rule
          let applies = true
          if (when !== undefined && typeof when === 'object') {
            applies = open.has(rule) || isTrue(evaluate(when))
            if (applies && until !== undefined) {
              if (isTrue(evaluate(until))) open.delete(rule)
              else open.add(rule)
            }
          }
          if (applies) runAll(body ?? printLine)
          if (jump !== undefined) break
        }
        if (jump === 'next') jump = undefined
        if (jump !== undefined) break
      }
    }
  jump = undefined
  for (const { when, body } of rules) if (when === 'END') runAll(body ?? printLine)
  return status
}

export const awk: Program = instant((call) => {
  const options = readOptions(call.args, 'F:v:f:')
  // Options end at the program text.
  const [program, ...names] = options.words
  if (program === undefined) return complain(call, "usage: awk [-F fs] [-v var=value] 'program' [file ...]", 2)
  const rules = parse(program)
  if (rules === undefined) return complain(call, `cmd. line:1: syntax error: this awk does not read ${program}`, 1)
  const variables = new Map<string, Value>([
    ['FS', options.value('F') === undefined ? ' ' : escapesOf(options.value('F') ?? ' ')],
    ['NR', 0],
    ['NF', 0],
  ])
  for (const setting of options.values('v')) {
    const equals = setting.indexOf('=')
    variables.set(setting.slice(0, equals), setting.slice(equals + 1))
  }
  let status = 0
  const files = (names.length === 0 ? ['-'] : names).flatMap((name) => {
    const text = name === '-' ? call.streams.stdin.rest() : call.files.read(pathFrom(call.directory, name))
    if (text !== undefined) return [{ name: name === '-' ? '' : name, text }]
    status = complain(call, `${name}: No such file or directory`, 2)
    return []
  })
  return execute(rules, files, { output: call.streams.stdout, variables }) || status
})
