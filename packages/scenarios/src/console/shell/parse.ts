/**
 * Reads shell script text: the POSIX grammar as far as people paste it, plus brace groups, `&>`, `[[ ]]` and `$(< file)`.
 * Left when it cannot be read; `incomplete` means that more lines may complete it.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { AndOrList, Assignment, Command, Pipeline, Redirect, Script, Word, WordPart } from './syntax.js'

export interface ParseProblem {
  readonly incomplete: boolean
  readonly message: string
  /** Counted from 1. */
  readonly line: number
}

const reserved: ReadonlySet<string> = new Set([
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'for',
  'while',
  'until',
  'do',
  'done',
  'case',
  'esac',
  '{',
  '}',
  '!',
  'in',
])

interface PendingDocument {
  readonly delimiter: string
  readonly isLiteral: boolean
  readonly stripTabs: boolean
  readonly fill: (text: Word) => void
}

export const parseScript = (source: string): E.Either<ParseProblem, Script> =>
  E.map(({ script }: Reading) => script)(read(source, 'script'))

/** The text of a here-document or an arithmetic expression: expansions count, quotes do not. */
const parseDocumentText = (text: string): E.Either<ParseProblem, Word> => E.map(({ word }: Reading) => word)(read(text, 'document'))

interface Reading {
  readonly script: Script
  readonly word: Word
}

const read = (source: string, mode: 'script' | 'document'): E.Either<ParseProblem, Reading> => {
  let at = 0
  let problem: ParseProblem | undefined
  const documents: PendingDocument[] = []

  const lineAt = (place: number): number => source.slice(0, place).split('\n').length
  /** Ends the reading: everything after is as if the text were over. */
  const fail = (message: string, incomplete = false): undefined => {
    problem ??= { incomplete, message, line: lineAt(Math.min(at, source.length)) }
    at = source.length
    return undefined
  }
  const unexpected = (): undefined => {
    if (at >= source.length) return fail('unexpected end of file', true)
    const character = source.charAt(at)
    const word = character === '\n' ? 'newline' : (/^(?:;;|&&|\|\||[;&|()<>]|[^\s;&|()<>]+)/.exec(source.slice(at))?.[0] ?? character)
    return fail(`syntax error: unexpected "${word}"`)
  }
  const peek = (text: string): boolean => source.startsWith(text, at)

  const skipBlanks = (): void => {
    for (;;) {
      const character = source.charAt(at)
      if (character === ' ' || character === '\t' || character === '\r') at += 1
      else if (character === '\\' && source.charAt(at + 1) === '\n') at += 2
      else if (character === '#') while (at < source.length && source.charAt(at) !== '\n') at += 1
      else return
    }
  }
  const takeNewline = (): void => {
    at += 1
    while (documents.length > 0) {
      const pending = documents.shift()
      if (pending !== undefined) readDocument(pending)
    }
  }
  const skipNewlines = (): void => {
    for (;;) {
      skipBlanks()
      if (source.charAt(at) !== '\n') return
      takeNewline()
    }
  }

  const readDocument = ({ delimiter, isLiteral, stripTabs, fill }: PendingDocument): void => {
    let text = ''
    for (;;) {
      if (at >= source.length) {
        fail(`here-document is not ended by "${delimiter}"`, true)
        return
      }
      const end = source.indexOf('\n', at)
      const raw = source.slice(at, end < 0 ? source.length : end)
      at = end < 0 ? source.length : end + 1
      const line = stripTabs ? raw.replace(/^\t+/, '') : raw
      if (line === delimiter) break
      text += `${line}\n`
    }
    if (isLiteral) {
      fill([{ kind: 'text', text, quoted: true }])
      return
    }
    const inner = parseDocumentText(text)
    if (E.isLeft(inner)) fail(inner.left.message)
    else fill(inner.right)
  }

  const wordAhead = (): string => /^[^\s;&|()<>'"`$\\#]+(?=[\s;&|()<>]|$)/.exec(source.slice(at, at + 64))?.[0] ?? ''
  const reservedAhead = (): string => {
    const word = wordAhead()
    return reserved.has(word) ? word : ''
  }
  const takeReserved = (word: string): boolean => {
    skipNewlines()
    if (wordAhead() !== word) {
      unexpected()
      return false
    }
    at += word.length
    return true
  }

  const parameterPart = (quoted: boolean): WordPart | undefined => {
    // At the character after `$`.
    const next = source.charAt(at)
    if (next === '(') {
      if (source.charAt(at + 1) === '(') {
        const end = matchingArithmetic(at + 2)
        if (end !== undefined) {
          const inner = parseDocumentText(source.slice(at + 2, end))
          at = end + 2
          return E.isLeft(inner) ? fail(inner.left.message) : { kind: 'arithmetic', expression: inner.right, quoted }
        }
      }
      const readsFile = /^\(\s*<\s*(?=[^\s<&(])/.exec(source.slice(at, at + 100))
      if (readsFile !== null) {
        at += readsFile[0].length
        const target = word()
        skipBlanks()
        if (source.charAt(at) !== ')') return unexpected()
        at += 1
        const words = [[{ kind: 'text', text: 'cat', quoted: true } as const], target]
        const first = { negated: false, commands: [{ kind: 'simple', assignments: [], words, redirects: [] } as const] }
        return { kind: 'command', script: [{ first, rest: [] }], quoted }
      }
      at += 1
      const script = list([')'])
      if (source.charAt(at) !== ')') return unexpected()
      at += 1
      return { kind: 'command', script, quoted }
    }
    if (next === '{') {
      at += 1
      let operator: string | undefined
      if (source.charAt(at) === '#' && source.charAt(at + 1) !== '}') {
        at += 1
        operator = 'length'
      }
      const name = /^(?:[A-Za-z_]\w*|\d+|[?#@*$!-])/.exec(source.slice(at, at + 200))?.[0]
      if (name === undefined) return fail('syntax error: bad substitution')
      at += name.length
      // The matches of the last `=~`: there are no other arrays.
      const place = name === 'BASH_REMATCH' ? (/^\[\d+\]/.exec(source.slice(at, at + 8))?.[0] ?? '') : ''
      at += place.length
      let argument: Word = []
      if (operator === undefined && source.charAt(at) !== '}') {
        operator = /^(?::[-=?+]|##|%%|\/\/|[-=?+#%/:])/.exec(source.slice(at, at + 2))?.[0]
        if (operator === undefined) return fail('syntax error: bad substitution')
        at += operator.length
        argument = wordUntil((character) => character === '}', quoted)
      }
      if (source.charAt(at) !== '}')
        return at >= source.length ? fail('syntax error: unterminated ${', true) : fail('syntax error: bad substitution')
      at += 1
      return { kind: 'parameter', name: `${name}${place}`, operator, argument, quoted }
    }
    const name = /^(?:[A-Za-z_]\w*|[0-9?#@*$!-])/.exec(source.slice(at, at + 200))?.[0]
    if (name === undefined) return { kind: 'text', text: '$', quoted: true }
    at += name.length
    return { kind: 'parameter', name, operator: undefined, argument: [], quoted }
  }

  /** Where `))` closes an arithmetic expansion that began before `from`; undefined when it is a command in a subshell. */
  const matchingArithmetic = (from: number): number | undefined => {
    let depth = 0
    for (let place = from; place < source.length; place += 1) {
      const character = source.charAt(place)
      if (character === '(') depth += 1
      else if (character === ')') {
        if (depth === 0) return source.charAt(place + 1) === ')' ? place : undefined
        depth -= 1
      } else if (character === '\n' || character === ';') return undefined
    }
    return undefined
  }

  const backticks = (quoted: boolean): WordPart | undefined => {
    // At the character after the backtick.
    let inner = ''
    while (at < source.length && source.charAt(at) !== '`') {
      if (source.charAt(at) === '\\' && /[`\\$]/.test(source.charAt(at + 1))) at += 1
      inner += source.charAt(at)
      at += 1
    }
    if (at >= source.length) return fail('syntax error: unterminated `', true)
    at += 1
    const script = parseScript(inner)
    return E.isLeft(script) ? fail(script.left.message) : { kind: 'command', script: script.right, quoted }
  }

  /** From after the quote to the closing one; a document goes to the end of the text. */
  const doubleQuoted = (parts: WordPart[], isDocument = false): void => {
    let text = ''
    const flush = (): void => {
      if (text !== '') parts.push({ kind: 'text', text, quoted: true })
      text = ''
    }
    const before = parts.length
    for (;;) {
      if (at >= source.length) {
        if (isDocument) break
        fail('syntax error: unterminated quoted string', true)
        return
      }
      const character = source.charAt(at)
      if (character === '"' && !isDocument) {
        at += 1
        break
      }
      if (character === '\\') {
        const next = source.charAt(at + 1)
        at += 2
        if (next !== '\n') text += (isDocument ? /[\\$`]/ : /["\\$`]/).test(next) ? next : `\\${next}`
      } else if (character === '$' || character === '`') {
        flush()
        at += 1
        const part = character === '$' ? parameterPart(true) : backticks(true)
        if (part === undefined) return
        parts.push(part)
      } else {
        text += character
        at += 1
      }
    }
    flush()
    // "" is a word of its own.
    if (parts.length === before) parts.push({ kind: 'text', text: '', quoted: true })
  }

  /** A word up to a character that ends it (outside quotes). Inside `"${x:-…}"` single quotes are plain. */
  const wordUntil = (isEnd: (character: string) => boolean, insideQuotes = false): Word => {
    const parts: WordPart[] = []
    let text = ''
    const flush = (): void => {
      if (text !== '') parts.push({ kind: 'text', text, quoted: insideQuotes })
      text = ''
    }
    while (at < source.length) {
      const character = source.charAt(at)
      if (isEnd(character)) break
      if (character === "'" && !insideQuotes) {
        const end = source.indexOf("'", at + 1)
        if (end < 0) {
          fail('syntax error: unterminated quoted string', true)
          return parts
        }
        flush()
        parts.push({ kind: 'text', text: source.slice(at + 1, end), quoted: true })
        at = end + 1
      } else if (character === '"') {
        flush()
        at += 1
        doubleQuoted(parts)
      } else if (character === '\\') {
        const next = source.charAt(at + 1)
        at += 2
        if (next !== '\n') {
          flush()
          parts.push({ kind: 'text', text: next, quoted: true })
        }
      } else if (character === '$' && source.charAt(at + 1) === "'" && !insideQuotes) {
        const quotedText = /^\$'((?:[^'\\]|\\[^])*)'/.exec(source.slice(at))
        if (quotedText === null) {
          fail('syntax error: unterminated quoted string', true)
          return parts
        }
        flush()
        parts.push({ kind: 'text', text: escapesOf(quotedText[1] ?? ''), quoted: true })
        at += quotedText[0].length
      } else if (character === '$' || character === '`') {
        flush()
        at += 1
        const part = character === '$' ? parameterPart(insideQuotes) : backticks(insideQuotes)
        if (part === undefined) return parts
        parts.push(part)
      } else {
        text += character
        at += 1
      }
    }
    flush()
    return parts
  }

  const endsWord = (character: string): boolean => /[\s;&|<>()]/.test(character)
  const word = (): Word => wordUntil(endsWord)

  const redirectAhead = (): { readonly descriptor: number | undefined; readonly operator: string } | undefined => {
    const match = /^(\d?)(<<-|<<<|<<|&>>|&>|>>|>&|<&|>\||<|>)/.exec(source.slice(at, at + 5))
    if (match === null) return undefined
    at += match[0].length
    return { descriptor: match[1] === '' ? undefined : Number(match[1]), operator: match[2] ?? '' }
  }

  const redirect = (redirects: Redirect[]): boolean => {
    const found = redirectAhead()
    if (found === undefined) return false
    const { descriptor, operator } = found
    skipBlanks()
    if (at >= source.length || endsWord(source.charAt(at))) {
      unexpected()
      return true
    }
    if (operator === '<<' || operator === '<<-') {
      const raw = /^(?:[^\s;&|<>()'"\\]|'[^'\n]*'|"[^"\n]*"|\\.)+/.exec(source.slice(at))?.[0] ?? ''
      at += raw.length
      const place = redirects.length
      redirects.push({ kind: 'document', descriptor: descriptor ?? 0, text: [] })
      documents.push({
        delimiter: raw.replace(/['"\\]/g, ''),
        isLiteral: /['"\\]/.test(raw),
        stripTabs: operator === '<<-',
        fill: (text) => {
          redirects[place] = { kind: 'document', descriptor: descriptor ?? 0, text }
        },
      })
      return true
    }
    const target = word()
    if (operator === '<<<') {
      redirects.push({ kind: 'document', descriptor: descriptor ?? 0, text: [...target, { kind: 'text', text: '\n', quoted: true }] })
      return true
    }
    if (operator === '>&' || operator === '<&') {
      const [only] = target
      const number = target.length === 1 && only?.kind === 'text' ? only.text : ''
      if (/^\d$/.test(number))
        redirects.push({ kind: 'duplicate', descriptor: descriptor ?? (operator === '>&' ? 1 : 0), from: Number(number) })
      else if (operator === '>&' && descriptor === undefined) redirects.push({ kind: 'both', target })
      else fail('syntax error: bad redirection')
      return true
    }
    if (operator === '&>' || operator === '&>>') redirects.push({ kind: 'both', target })
    else if (operator === '<') redirects.push({ kind: 'read', descriptor: descriptor ?? 0, target })
    else redirects.push({ kind: operator === '>>' ? 'append' : 'write', descriptor: descriptor ?? 1, target })
    return true
  }

  const redirectsAfter = (): readonly Redirect[] => {
    const redirects: Redirect[] = []
    for (;;) {
      skipBlanks()
      if (!redirect(redirects)) return redirects
    }
  }

  /** A regular expression ends at a blank that stands outside of its parentheses. */
  const expressionWord = (): Word => {
    let depth = 0
    return wordUntil((character) => {
      if (character === '(') depth += 1
      else if (character === ')') depth -= 1
      return depth <= 0 && /\s/.test(character)
    })
  }

  /** `[[ … ]]`: its words are neither split nor taken for file names, and `&&`, `||`, `<` and parentheses are its own. */
  const testCommand = (): Command | undefined => {
    const literal = (text: string): Word => [{ kind: 'text', text, quoted: true }]
    const words: Word[] = [literal('[[')]
    at += 2
    for (;;) {
      skipNewlines()
      if (at >= source.length) return unexpected()
      if (/^\]\](?=[\s;&|)]|$)/.test(source.slice(at, at + 3))) break
      const sign = /^(?:&&|\|\||[<>()])/.exec(source.slice(at, at + 2))?.[0]
      if (sign !== undefined) {
        words.push(literal(sign))
        at += sign.length
        continue
      }
      const before = words.at(-1)?.[0]
      const next = before?.kind === 'text' && before.text === '=~' ? expressionWord() : word()
      if (next.length === 0) return unexpected()
      words.push(next.map((part) => ({ ...part, quoted: true })))
    }
    at += 2
    words.push(literal(']]'))
    return { kind: 'simple', assignments: [], words, redirects: redirectsAfter() }
  }

  const simpleCommand = (): Command | undefined => {
    if (/^\[\[\s/.test(source.slice(at, at + 3))) return testCommand()
    const assignments: Assignment[] = []
    const words: Word[] = []
    const redirects: Redirect[] = []
    for (;;) {
      skipBlanks()
      if (at >= source.length) break
      if (redirect(redirects)) continue
      const character = source.charAt(at)
      if (character === '(' && words.length === 1) return fail('functions are not simulated in this shell; write the commands out')
      if (endsWord(character)) break
      const name = words.length === 0 ? /^[A-Za-z_]\w*(?==)/.exec(source.slice(at, at + 200))?.[0] : undefined
      if (name !== undefined) {
        at += name.length + 1
        if (source.charAt(at) === '(') return fail('arrays are not simulated in this shell')
        assignments.push({ name, value: word() })
      } else words.push(word())
    }
    if (assignments.length + words.length + redirects.length === 0) return unexpected()
    return { kind: 'simple', assignments, words, redirects }
  }

  const loopBody = (): Script => {
    skipBlanks()
    if (source.charAt(at) === ';') at += 1
    if (!takeReserved('do')) return []
    const body = list(['done'])
    takeReserved('done')
    return body
  }

  const forCommand = (): Command | undefined => {
    at += 'for'.length
    skipBlanks()
    if (peek('((')) return fail('loops of the form for (( )) are not simulated; write for i in $(seq 0 2)')
    const name = /^[A-Za-z_]\w*/.exec(source.slice(at))?.[0]
    if (name === undefined) return unexpected()
    at += name.length
    skipNewlines()
    let words: Word[] | undefined
    if (wordAhead() === 'in') {
      at += 2
      words = []
      for (;;) {
        skipBlanks()
        const character = source.charAt(at)
        if (at >= source.length || character === ';' || character === '\n') break
        if (endsWord(character)) return unexpected()
        words.push(word())
      }
    }
    skipBlanks()
    if (source.charAt(at) === ';') at += 1
    const body = loopBody()
    return { kind: 'for', name, words, body, redirects: redirectsAfter() }
  }

  const ifCommand = (): Command => {
    const branches: { condition: Script; body: Script }[] = []
    let otherwise: Script | undefined
    at += 'if'.length
    for (;;) {
      const condition = list(['then'])
      takeReserved('then')
      branches.push({ condition, body: list(['elif', 'else', 'fi']) })
      if (reservedAhead() === 'elif') {
        at += 'elif'.length
        continue
      }
      if (reservedAhead() === 'else') {
        at += 'else'.length
        otherwise = list(['fi'])
      }
      takeReserved('fi')
      break
    }
    return { kind: 'if', branches, otherwise, redirects: redirectsAfter() }
  }

  const caseCommand = (): Command | undefined => {
    at += 'case'.length
    skipBlanks()
    const subject = word()
    takeReserved('in')
    const branches: { patterns: readonly Word[]; body: Script }[] = []
    for (;;) {
      skipNewlines()
      if (at >= source.length) return unexpected()
      if (wordAhead() === 'esac') break
      if (source.charAt(at) === '(') at += 1
      const patterns: Word[] = []
      for (;;) {
        skipBlanks()
        patterns.push(word())
        skipBlanks()
        if (source.charAt(at) !== '|') break
        at += 1
      }
      if (source.charAt(at) !== ')') return unexpected()
      at += 1
      const body = list([';;', 'esac'])
      branches.push({ patterns, body })
      skipNewlines()
      if (peek(';;')) at += 2
    }
    at += 'esac'.length
    return { kind: 'case', word: subject, branches, redirects: redirectsAfter() }
  }

  const command = (): Command | undefined => {
    skipBlanks()
    const ahead = reservedAhead()
    if (ahead === 'if') return ifCommand()
    if (ahead === 'for') return forCommand()
    if (ahead === 'case') return caseCommand()
    if (ahead === 'while' || ahead === 'until') {
      at += ahead.length
      const condition = list(['do'])
      const body = loopBody()
      return { kind: ahead, condition, body, redirects: redirectsAfter() }
    }
    if (ahead === '{') {
      at += 1
      const body = list(['}'])
      takeReserved('}')
      return { kind: 'group', body, redirects: redirectsAfter() }
    }
    if (ahead !== '' && ahead !== 'in') return unexpected()
    if (source.charAt(at) === '(') {
      at += 1
      const body = list([')'])
      if (source.charAt(at) !== ')') return unexpected()
      at += 1
      return { kind: 'subshell', body, redirects: redirectsAfter() }
    }
    if (/^function\s/.test(source.slice(at, at + 10))) return fail('functions are not simulated in this shell; write the commands out')
    return simpleCommand()
  }

  const pipeline = (): Pipeline | undefined => {
    let negated = false
    skipBlanks()
    while (reservedAhead() === '!') {
      at += 1
      negated = !negated
      skipBlanks()
    }
    const commands: Command[] = []
    for (;;) {
      const next = command()
      if (next === undefined) return undefined
      commands.push(next)
      skipBlanks()
      if (source.charAt(at) !== '|' || peek('||')) break
      at += 1
      if (source.charAt(at) === '&') return fail('|& is not simulated; write 2>&1 |')
      skipNewlines()
    }
    return { negated, commands }
  }

  const andOr = (): AndOrList | undefined => {
    const first = pipeline()
    if (first === undefined) return undefined
    const rest: { joint: '&&' | '||'; pipeline: Pipeline }[] = []
    for (;;) {
      skipBlanks()
      const joint = peek('&&') ? '&&' : peek('||') ? '||' : undefined
      if (joint === undefined) return { first, rest }
      at += 2
      skipNewlines()
      const next = pipeline()
      if (next === undefined) return undefined
      rest.push({ joint, pipeline: next })
    }
  }

  /** Commands up to one of the closing words (which is not taken) or the end of the text. */
  const list = (closing: readonly string[]): Script => {
    const lists: AndOrList[] = []
    for (;;) {
      skipNewlines()
      if (at >= source.length) {
        if (closing.length > 0) fail('unexpected end of file', true)
        return lists
      }
      const character = source.charAt(at)
      if (closing.includes(character) && character === ')') return lists
      if (closing.includes(';;') && peek(';;')) return lists
      if (closing.includes(reservedAhead()) && reservedAhead() !== '') return lists
      const next = andOr()
      if (next === undefined) return lists
      lists.push(next)
      skipBlanks()
      if (peek(';;')) {
        if (closing.includes(';;')) return lists
        unexpected()
      } else if (source.charAt(at) === ';') at += 1
      else if (source.charAt(at) === '&') fail('background jobs (&) are not simulated; run the commands one after another')
      else if (source.charAt(at) === '\n') takeNewline()
      else if (source.charAt(at) === ')' && !closing.includes(')')) unexpected()
      else if (at < source.length && source.charAt(at) !== ')') unexpected()
    }
  }

  if (mode === 'document') {
    const parts: WordPart[] = []
    doubleQuoted(parts, true)
    return problem === undefined ? E.right({ script: [], word: parts }) : E.left(problem)
  }
  const script = list([])
  if (problem === undefined && documents.length > 0) fail(`here-document is not ended by "${documents[0]?.delimiter ?? ''}"`, true)
  return problem === undefined ? E.right({ script, word: [] }) : E.left(problem)
}

/** `\n` and its like, as in `$'…'` and `printf`. */
export const escapesOf = (text: string): string =>
  text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|0?([0-7]{1,3})|([^]))/g,
    (whole, hex: string | undefined, octal: string | undefined, letter: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      return letterEscapes[letter ?? ''] ?? whole
    },
  )

const letterEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  e: '\u001b',
  '\\': '\\',
  "'": "'",
  '"': '"',
}
