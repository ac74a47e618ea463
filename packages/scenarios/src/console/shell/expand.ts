/** From words as they are written to the words a command gets: variables, substitutions, splitting, globs. */
import * as E from 'fp-ts/lib/Either.js'
import type { ConsoleWait } from '../kubectl/kubectl-cluster.js'
import { evaluateArithmetic } from './arithmetic.js'
import { expandBraces } from './braces.js'
import { pathFrom } from './machine.js'
import { expandPath, hasPattern, replacePattern, strip, withoutBackslashes } from './patterns.js'
import { setVariable, valueOf, type Shell } from './shell-state.js'
import type { Streams } from './streams.js'
import type { Script, Word, WordPart } from './syntax.js'

type Waits<T> = Generator<ConsoleWait, T, void>

/** What expansion needs of the interpreter: to run what stands in `$( )`, and to complain. */
export interface Expander {
  readonly shell: Shell
  readonly streams: Streams
  /** The output, without the newlines at its end. */
  readonly substitute: (script: Script) => Waits<string>
  /** Says it and ends the command. */
  readonly fail: (text: string) => void
}

interface Piece {
  readonly text: string
  readonly quoted: boolean
}

type Field = readonly Piece[]

const plain = (field: Field): string => field.map(({ text }) => text).join('')

/** The field as a pattern: what was quoted is escaped. */
const asPattern = (field: Field): string => field.map(({ text, quoted }) => (quoted ? text.replace(/[*?[\]\\!]/g, '\\$&') : text)).join('')

function* parameter(expander: Expander, part: Extract<WordPart, { kind: 'parameter' }>): Waits<string> {
  const { shell, fail } = expander
  const { name, operator, argument } = part
  const value = valueOf(shell, name)
  if (operator === undefined) {
    if (value === undefined && shell.options.has('u') && name !== '@' && name !== '*')
      fail(`${name}: ${shell.flavour === 'bash' ? 'unbound variable' : 'parameter not set'}`)
    return value ?? ''
  }
  const isEmpty = value === undefined || (operator.startsWith(':') && value === '')
  switch (operator) {
    case 'length':
      return String((value ?? '').length)
    case '-':
    case ':-':
      return isEmpty ? yield* expandToText(expander, argument) : value
    case '+':
    case ':+':
      return isEmpty ? '' : yield* expandToText(expander, argument)
    case '=':
    case ':=': {
      if (!isEmpty) return value
      const given = yield* expandToText(expander, argument)
      setVariable(shell, name, given)
      return given
    }
    case '?':
    case ':?': {
      if (!isEmpty) return value
      const message = yield* expandToText(expander, argument)
      fail(`${name}: ${message === '' ? 'parameter not set or null' : message}`)
      return ''
    }
    case '#':
    case '##':
    case '%':
    case '%%': {
      const pattern = yield* expandToPattern(expander, argument)
      return strip(value ?? '', pattern, operator.startsWith('#') ? 'front' : 'end', operator.length === 2)
    }
    case '/':
    case '//': {
      const both = yield* expandToPattern(expander, argument)
      const slash = both.search(/(?<!\\)\//)
      return replacePattern(
        value ?? '',
        slash < 0 ? both : both.slice(0, slash),
        slash < 0 ? '' : withoutBackslashes(both.slice(slash + 1)),
        operator === '//',
      )
    }
    case ':': {
      const [from = '0', length] = (yield* expandToText(expander, argument)).split(':')
      const start = Number(from) < 0 ? (value ?? '').length + Number(from) : Number(from)
      return (value ?? '').slice(start, length === undefined ? undefined : start + Number(length))
    }
    default:
      fail('bad substitution')
      return ''
  }
}

function* textOf(expander: Expander, part: WordPart): Waits<string> {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'parameter':
      return yield* parameter(expander, part)
    case 'command':
      return yield* expander.substitute(part.script)
    case 'arithmetic': {
      const text = yield* expandToText(expander, part.expression)
      const { shell } = expander
      const value = evaluateArithmetic(text, { get: (name) => valueOf(shell, name), set: (name, given) => setVariable(shell, name, given) })
      if (E.isRight(value)) return String(value.right)
      expander.fail(
        shell.flavour === 'bash'
          ? `${text.trim()}: ${value.left}`
          : shell.flavour === 'dash'
            ? `arithmetic expression: ${value.left}: "${text}"`
            : value.left,
      )
      return ''
    }
  }
}

/** One text, without splitting and globs: values of assignments, targets of redirects, here-documents. */
export function* expandToText(expander: Expander, word: Word): Waits<string> {
  let text = ''
  for (const [index, part] of word.entries()) {
    if (index === 0 && part.kind === 'text' && !part.quoted) text += withHome(expander.shell, part.text)
    else text += yield* textOf(expander, part)
  }
  return text
}

export function* expandToPattern(expander: Expander, word: Word): Waits<string> {
  let pattern = ''
  for (const part of word) pattern += asPattern([{ text: yield* textOf(expander, part), quoted: part.quoted }])
  return pattern
}

const withHome = (shell: Shell, text: string): string => text.replace(/^~(?=\/|$)/, () => valueOf(shell, 'HOME') ?? '~')

function* fieldsOf(expander: Expander, word: Word): Waits<readonly Field[]> {
  const { shell } = expander
  const fields: Piece[][] = []
  let current: Piece[] | undefined
  const append = (piece: Piece): void => {
    current ??= []
    current.push(piece)
  }
  const finish = (): void => {
    if (current !== undefined) fields.push(current)
    current = undefined
  }
  const separators = valueOf(shell, 'IFS') ?? ' \t\n'
  for (const [index, part] of word.entries()) {
    if (part.kind === 'text') {
      append({ text: index === 0 && !part.quoted ? withHome(shell, part.text) : part.text, quoted: part.quoted })
      continue
    }
    if (part.kind === 'parameter' && part.name === '@' && part.operator === undefined) {
      for (const [place, text] of shell.positional.entries()) {
        if (place > 0) finish()
        append({ text, quoted: part.quoted })
      }
      continue
    }
    // `${x:-"a b"}` outside quotes: what is quoted inside the argument stays together.
    const argumentFields = part.kind === 'parameter' && !part.quoted ? yield* defaultFields(expander, part) : undefined
    if (argumentFields !== undefined) {
      for (const [place, field] of argumentFields.entries()) {
        if (place > 0) finish()
        for (const piece of field) append(piece)
      }
      continue
    }
    const text = yield* textOf(expander, part)
    if (part.quoted) {
      append({ text, quoted: true })
      continue
    }
    if (separators === '') {
      if (text !== '') append({ text, quoted: false })
      continue
    }
    let from = 0
    for (let place = 0; place < text.length; place += 1) {
      const character = text.charAt(place)
      if (!separators.includes(character)) continue
      if (place > from) append({ text: text.slice(from, place), quoted: false })
      else if (!/\s/.test(character) && current === undefined) append({ text: '', quoted: true })
      finish()
      from = place + 1
    }
    if (from < text.length) append({ text: text.slice(from), quoted: false })
  }
  finish()
  return fields.filter((field) => plain(field) !== '' || field.some(({ quoted }) => quoted))
}

function* defaultFields(expander: Expander, part: Extract<WordPart, { kind: 'parameter' }>): Waits<readonly Field[] | undefined> {
  const { name, operator, argument } = part
  if (operator !== '-' && operator !== ':-' && operator !== '+' && operator !== ':+') return undefined
  const value = valueOf(expander.shell, name)
  const isEmpty = value === undefined || (operator.startsWith(':') && value === '')
  return isEmpty === operator.endsWith('-') ? yield* fieldsOf(expander, argument) : undefined
}

const globbed = (shell: Shell, field: Field): readonly string[] => {
  const pattern = asPattern(field)
  if (shell.options.has('f') || !hasPattern(pattern)) return [plain(field)]
  const isAbsolute = pattern.startsWith('/')
  const directory = shell.directory.replace(/[*?[\]\\]/g, '\\$&')
  const found = expandPath(isAbsolute ? pattern : `${directory}/${pattern.replace(/^(\.\/)+/, '')}`, (folder) =>
    shell.files.list(pathFrom('/', folder)),
  )
  if (found.length === 0) return [plain(field)]
  if (isAbsolute) return found
  const prefix = shell.directory === '/' ? '/' : `${shell.directory}/`
  const dot = pattern.startsWith('./') ? './' : ''
  return found.map((path) => dot + (path.startsWith(prefix) ? path.slice(prefix.length) : path))
}

/** The words a command gets. */
export function* expandWords(expander: Expander, words: readonly Word[]): Waits<readonly string[]> {
  const { shell } = expander
  const result: string[] = []
  for (const word of words) {
    for (const single of shell.flavour === 'bash' ? expandBraces(word) : [word]) {
      for (const field of yield* fieldsOf(expander, single)) result.push(...globbed(shell, field))
    }
  }
  return result
}
