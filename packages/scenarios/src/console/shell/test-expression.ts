/** `test`, `[ ]` and `[[ ]]`: a truth, or the words of a complaint. */
import * as E from 'fp-ts/lib/Either.js'
import { pathFrom } from './machine.js'
import { matchesShellPattern } from './patterns.js'
import { setVariable, type Shell } from './shell-state.js'

const fileTests: Readonly<Record<string, (shell: Shell, path: string) => boolean>> = {
  '-e': (shell, path) => shell.files.read(path) !== undefined || shell.files.list(path) !== undefined,
  '-f': (shell, path) => shell.files.read(path) !== undefined,
  '-d': (shell, path) => shell.files.list(path) !== undefined,
  '-s': (shell, path) => (shell.files.read(path) ?? '') !== '',
  '-r': (shell, path) => shell.files.read(path) !== undefined || shell.files.list(path) !== undefined,
  '-w': (shell, path) =>
    (shell.files.read(path) !== undefined || shell.files.list(path) !== undefined) &&
    shell.files.writeProblem(path) !== 'Read-only file system',
  '-x': (shell, path) => shell.files.list(path) !== undefined || shell.files.read(path) !== undefined,
  '-L': () => false,
  '-h': () => false,
}

const numberTests: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
}

const classes: Readonly<Record<string, string>> = {
  space: '\\s',
  blank: ' \\t',
  digit: '0-9',
  alpha: 'A-Za-z',
  alnum: 'A-Za-z0-9',
  lower: 'a-z',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
}

/** `text =~ expression`; the matches are `BASH_REMATCH[0]` and on. An expression that cannot be read matches nothing. */
const matchesExpression = (shell: Shell, text: string, expression: string): boolean => {
  const written = expression.replace(/\[:(\w+):\]/g, (whole, name: string) => classes[name] ?? whole)
  const matches = E.tryCatch(
    () => new RegExp(written).exec(text),
    () => undefined,
  )
  for (let place = 0; shell.variables.delete(`BASH_REMATCH[${place}]`); place += 1);
  if (E.isLeft(matches) || matches.right === null) return false
  for (const [place, match] of matches.right.entries()) setVariable(shell, `BASH_REMATCH[${place}]`, match ?? '')
  return true
}

export const evaluateTest = (words: readonly string[], shell: Shell, isDouble: boolean): boolean | string => {
  let at = 0
  let problem: string | undefined
  const badNumber = (text: string): string =>
    shell.flavour === 'bash'
      ? `${text}: integer expression expected`
      : shell.flavour === 'dash'
        ? `Illegal number: ${text}`
        : `${text}: bad number`
  const numberOf = (text: string): number => {
    if (!/^\s*[-+]?\d+\s*$/.test(text)) problem ??= badNumber(text)
    return Number(text)
  }
  const isBinary = (sign: string | undefined): sign is string =>
    sign !== undefined && (sign in numberTests || ['=', '==', '!=', '<', '>', '=~', '-nt', '-ot'].includes(sign))

  const single = (): boolean => {
    const first = words[at]
    if (first === undefined) {
      problem ??= 'argument expected'
      return false
    }
    const sign = words[at + 1]
    if (isBinary(sign) && words[at + 2] !== undefined) {
      const second = words[at + 2] ?? ''
      at += 3
      const compare = numberTests[sign]
      if (compare !== undefined) return compare(numberOf(first), numberOf(second))
      if (sign === '=' || sign === '==') return isDouble ? matchesShellPattern(second, first) : first === second
      if (sign === '!=') return isDouble ? !matchesShellPattern(second, first) : first !== second
      if (sign === '<') return first < second
      if (sign === '>') return first > second
      if (sign === '=~') return matchesExpression(shell, first, second)
      return false
    }
    if (first === '!' && words.length > at + 1) {
      at += 1
      return !single()
    }
    if (first === '(') {
      at += 1
      const value = either()
      if (words[at] !== ')') problem ??= 'closing paren expected'
      at += 1
      return value
    }
    const operand = words[at + 1]
    if (operand !== undefined) {
      const fileTest = fileTests[first]
      if (fileTest !== undefined) {
        at += 2
        return operand !== '' && fileTest(shell, pathFrom(shell.directory, operand))
      }
      if (first === '-n' || first === '-z') {
        at += 2
        return (operand === '') === (first === '-z')
      }
      if (first === '-t') {
        at += 2
        return false
      }
      if (first === '-v') {
        at += 2
        return shell.variables.has(operand)
      }
    }
    at += 1
    return first !== ''
  }
  const both = (): boolean => {
    let value = single()
    while (words[at] === '-a' || (isDouble && words[at] === '&&')) {
      at += 1
      const next = single()
      value = value && next
    }
    return value
  }
  const either = (): boolean => {
    let value = both()
    while (words[at] === '-o' || (isDouble && words[at] === '||')) {
      at += 1
      const next = both()
      value = value || next
    }
    return value
  }

  if (words.length === 0) return false
  if (words.length === 1) return words[0] !== ''
  const value = either()
  if (problem !== undefined) return problem
  if (at < words.length)
    return shell.flavour === 'bash'
      ? `${words[at] ?? ''}: binary operator expected`
      : shell.flavour === 'dash'
        ? `${words[at - 1] ?? ''}: unexpected operator`
        : `${words[at] ?? ''}: unknown operand`
  return value
}
