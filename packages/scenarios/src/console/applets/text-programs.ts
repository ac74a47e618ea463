/** Programs that read text and write text. */
import { instant, pathFrom, problems, type Program, type ProgramCall } from '../shell/machine.js'
import { complain, readOptions } from './options.js'

/** The lines of a text without their newlines. */
export const linesOf = (text: string): readonly string[] =>
  text === '' ? [] : (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')

const unlines = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`)

export const missingFile = (call: ProgramCall, file: string): string => {
  const isFolder = call.files.list(pathFrom(call.directory, file)) !== undefined
  if (call.machine.flavour !== 'busybox') return `${file}: ${isFolder ? problems.isFolder : problems.none}`
  return isFolder ? `read error: ${problems.isFolder}` : `can't open '${file}': ${problems.none}`
}

/** The named files (`-` and none: the input) one after another; `status` is 1 when one was missing, which was said. */
const inputsOf = (
  call: ProgramCall,
  words: readonly string[],
): { readonly inputs: readonly { readonly name: string; readonly text: string }[]; readonly status: number } => {
  if (words.length === 0) return { inputs: [{ name: '', text: call.streams.stdin.rest() }], status: 0 }
  let status = 0
  const inputs = words.flatMap((word) => {
    const text = word === '-' ? call.streams.stdin.rest() : call.files.read(pathFrom(call.directory, word))
    if (text !== undefined) return [{ name: word, text }]
    status = complain(call, missingFile(call, word))
    return []
  })
  return { inputs, status }
}

const cat = instant((call) => {
  const options = readOptions(call.args, 'nAbestuv')
  const { inputs, status } = inputsOf(call, options.words)
  let number = 0
  for (const { text } of inputs) {
    if (!options.has('n')) call.streams.stdout(text)
    else
      for (const line of linesOf(text)) {
        number += 1
        call.streams.stdout(`${String(number).padStart(6)}\t${line}\n`)
      }
  }
  return status
})

const headOrTail = (which: 'head' | 'tail'): Program =>
  instant((call) => {
    const args = call.args.map((word) => (/^-\d+$/.test(word) ? `-n${word.slice(1)}` : word))
    const options = readOptions(args, 'n:c:qvfF')
    const { inputs, status } = inputsOf(call, options.words)
    const count = options.value('n') ?? '10'
    const characters = options.value('c')
    for (const [index, { name, text }] of inputs.entries()) {
      if (inputs.length > 1 && !options.has('q')) call.streams.stdout(`${index > 0 ? '\n' : ''}==> ${name} <==\n`)
      if (characters !== undefined) {
        const length = Math.abs(Number(characters))
        call.streams.stdout(which === 'head' ? text.slice(0, length) : length === 0 ? '' : text.slice(-length))
        continue
      }
      const lines = linesOf(text)
      const number = Number(count.replace(/^\+/, ''))
      const chosen =
        which === 'head'
          ? lines.slice(0, number < 0 ? Math.max(0, lines.length + number) : number)
          : count.startsWith('+')
            ? lines.slice(Math.max(0, number - 1))
            : lines.slice(Math.max(0, lines.length - Math.abs(number)))
      const keepsEnd =
        chosen.length > 0 && chosen.at(-1) === lines.at(-1) && (which === 'tail' || chosen.length === lines.length) && !text.endsWith('\n')
      call.streams.stdout(keepsEnd ? chosen.join('\n') : unlines(chosen))
    }
    return status
  })

const wc = instant((call) => {
  const options = readOptions(call.args, 'lwcm')
  const { inputs, status } = inputsOf(call, options.words)
  const all = !['l', 'w', 'c', 'm'].some(options.has)
  const isBusybox = call.machine.flavour === 'busybox'
  const rows = inputs.map(({ name, text }) => {
    const counts = [
      ...(all || options.has('l') ? [text.split('\n').length - 1] : []),
      ...(all || options.has('w') ? [text.split(/\s+/).filter((word) => word !== '').length] : []),
      ...(all || options.has('c') || options.has('m') ? [text.length] : []),
    ]
    return { name, counts }
  })
  const totals = (rows[0]?.counts ?? []).map((_count, column) => rows.reduce((sum, { counts }) => sum + (counts[column] ?? 0), 0))
  const table = rows.length > 1 ? [...rows, { name: 'total', counts: totals }] : rows
  for (const { name, counts } of table) {
    const isAlone = counts.length === 1 && table.length === 1
    const width = isBusybox ? 9 : isAlone ? 0 : name === '' ? 7 : Math.max(...totals.map((count) => String(count).length), 1)
    const text =
      isBusybox && isAlone ? String(counts[0] ?? 0) : counts.map((count) => String(count).padStart(width)).join(isBusybox ? ' ' : ' ')
    call.streams.stdout(`${text}${name === '' ? '' : ` ${name}`}\n`)
  }
  return status
})

/** A basic or extended regular expression of POSIX as one of JavaScript. */
export const posixRegExp = (pattern: string, extended: boolean, flags: string): RegExp | undefined => {
  let source = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at)
    if (character === '\\') {
      at += 1
      const next = pattern.charAt(at)
      if (!extended && /[(){}|+?]/.test(next)) source += next
      else if (next === '<' || next === '>') source += '\\b'
      else source += /[\w.*+?^${}()|[\]\\/-]/.test(next) ? `\\${next}` : next
    } else if (character === '[') {
      let end = at + 1
      if (pattern.charAt(end) === '^') end += 1
      if (pattern.charAt(end) === ']') end += 1
      while (end < pattern.length && pattern.charAt(end) !== ']')
        end += pattern.startsWith('[:', end) ? Math.max(1, pattern.indexOf(':]', end) + 2 - end) : 1
      source += pattern
        .slice(at, end + 1)
        .replaceAll('\\', '\\\\')
        .replace(/\[:(\w+):\]/g, (_whole, name: string) => posixClasses[name] ?? '')
      at = end
    } else if (!extended && /[(){}|+?]/.test(character)) source += `\\${character}`
    else if (!extended && character === '*' && (source === '' || source === '^')) source += '\\*'
    else source += character
  }
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined
  }
}

const posixClasses: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
}

const escapedForRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const grep = (extendedByName: boolean): Program =>
  instant((call) => {
    const args = call.args.flatMap((word) => (/^--colou?r/.test(word) ? [] : [word]))
    const options = readOptions(args, 'viconqEFGPrRhHlLswxe:A:B:C:m:', {
      'ignore-case': 'i',
      'invert-match': 'v',
      count: 'c',
      quiet: 'q',
      'line-number': 'n',
      'only-matching': 'o',
      'max-count': 'm:',
    })
    const given = options.values('e')
    const patterns = given.length > 0 ? given : options.words.slice(0, 1)
    const files = given.length > 0 ? options.words : options.words.slice(1)
    if (patterns.length === 0) return complain(call, 'usage: grep [OPTION]... PATTERN [FILE]...', 2)
    const extended = extendedByName || options.has('E') || options.has('P')
    const sources = patterns
      .flatMap((pattern) => pattern.split('\n'))
      .map((pattern) => {
        const source = options.has('F') ? escapedForRegExp(pattern) : posixRegExp(pattern, extended, '')?.source
        return options.has('x') ? `^(?:${source ?? ''})$` : options.has('w') ? `\\b(?:${source ?? ''})\\b` : source
      })
    if (sources.includes(undefined)) return complain(call, 'bad regex', 2)
    const expression = new RegExp(sources.map((source) => `(?:${source ?? ''})`).join('|'), options.has('i') ? 'gi' : 'g')
    const { inputs, status } = inputsOf(call, files)
    const before = Number(options.value('B') ?? options.value('C') ?? '0')
    const after = Number(options.value('A') ?? options.value('C') ?? '0')
    const most = Number(options.value('m') ?? String(Number.MAX_SAFE_INTEGER))
    let matched = false
    for (const { name, text } of inputs) {
      const lines = linesOf(text)
      const hits: number[] = []
      for (const [index, line] of lines.entries()) {
        expression.lastIndex = 0
        if (expression.test(line) !== options.has('v') && hits.length < most) hits.push(index)
      }
      if (hits.length > 0) matched = true
      if (options.has('q')) continue
      const prefix = inputs.length > 1 && !options.has('h') ? name : undefined
      const out = (separator: string, body: string): void =>
        call.streams.stdout(`${prefix === undefined ? '' : `${prefix}${separator}`}${body}\n`)
      if (options.has('l')) {
        if (hits.length > 0) call.streams.stdout(`${name === '' ? '(standard input)' : name}\n`)
        continue
      }
      if (options.has('c')) {
        out(':', String(hits.length))
        continue
      }
      const isHit = new Set(hits)
      const shown = new Set(hits.flatMap((hit) => Array.from({ length: before + after + 1 }, (_unused, offset) => hit - before + offset)))
      let last = -1
      for (const index of [...shown].sort((a, b) => a - b)) {
        const line = lines[index]
        if (line === undefined) continue
        if (before + after > 0 && last >= 0 && index > last + 1) call.streams.stdout('--\n')
        last = index
        const separator = isHit.has(index) ? ':' : '-'
        const number = options.has('n') ? `${index + 1}${separator}` : ''
        if (options.has('o') && !options.has('v')) for (const match of line.match(expression) ?? []) out(separator, `${number}${match}`)
        else out(separator, `${number}${line}`)
      }
    }
    return matched ? 0 : status === 0 ? 1 : 2
  })

const fieldsOfRanges = (list: string, count: number): readonly number[] => {
  const chosen = new Set<number>()
  for (const range of list.split(',')) {
    const [from = '', to] = range.split('-')
    const first = from === '' ? 1 : Number(from)
    const last = to === undefined ? first : to === '' ? count : Number(to)
    for (let field = first; field <= Math.min(last, count); field += 1) chosen.add(field)
  }
  return [...chosen].sort((a, b) => a - b)
}

const cut = instant((call) => {
  const options = readOptions(call.args, 'd:f:c:b:s')
  const { inputs, status } = inputsOf(call, options.words)
  const delimiter = options.value('d') ?? '\t'
  const fields = options.value('f')
  const characters = options.value('c') ?? options.value('b')
  if (fields === undefined && characters === undefined) return complain(call, 'expected a list of bytes, characters, or fields')
  for (const { text } of inputs)
    for (const line of linesOf(text)) {
      if (characters !== undefined)
        call.streams.stdout(
          `${fieldsOfRanges(characters, line.length)
            .map((place) => line.charAt(place - 1))
            .join('')}\n`,
        )
      else if (!line.includes(delimiter)) {
        if (!options.has('s')) call.streams.stdout(`${line}\n`)
      } else {
        const parts = line.split(delimiter)
        call.streams.stdout(
          `${fieldsOfRanges(fields ?? '', parts.length)
            .map((field) => parts[field - 1] ?? '')
            .join(delimiter)}\n`,
        )
      }
    }
  return status
})

const numberAtStart = (text: string): number => Number(/^\s*-?\d*\.?\d+/.exec(text)?.[0] ?? '0')
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const versionKey = (text: string): string => text.replace(/\d+/g, (digits) => digits.padStart(20, '0'))
const humanNumber = (text: string): number =>
  numberAtStart(text) * 1024 ** Math.max(0, ' KMGTP'.indexOf((/^\s*-?[\d.]+\s*([kKMGTP])/.exec(text)?.[1] ?? ' ').toUpperCase()))

const sort = instant((call) => {
  const options = readOptions(call.args, 'nrufhVbk:t:o:', { numeric: 'n', reverse: 'r', unique: 'u' })
  const { inputs, status } = inputsOf(call, options.words)
  const separator = options.value('t')
  const keys = options.values('k').map((key) => {
    const [start = '', end] = key.split(',')
    return {
      from: Number(/^\d+/.exec(start)?.[0] ?? '1'),
      to: end === undefined ? undefined : Number(/^\d+/.exec(end)?.[0] ?? '0'),
      letters: key.replace(/[\d.,]/g, ''),
    }
  })
  const keyOf = (line: string, from: number, to: number | undefined): string => {
    const parts = separator === undefined ? line.trim().split(/\s+/) : line.split(separator)
    return parts.slice(from - 1, to).join(separator ?? ' ')
  }
  const compareBy = (letters: string, a: string, b: string): number => {
    const flag = (letter: string): boolean => letters.includes(letter) || (letters === '' && options.has(letter))
    const way = flag('r') ? -1 : 1
    if (flag('n')) return way * (numberAtStart(a) - numberAtStart(b))
    if (flag('h')) return way * (humanNumber(a) - humanNumber(b))
    if (flag('V')) return way * compareText(versionKey(a), versionKey(b))
    return way * (flag('f') ? compareText(a.toLowerCase(), b.toLowerCase()) : compareText(a, b))
  }
  const compare = (a: string, b: string): number => {
    for (const { from, to, letters } of keys) {
      const order = compareBy(letters, keyOf(a, from, to), keyOf(b, from, to))
      if (order !== 0) return order
    }
    return keys.length === 0 ? compareBy('', a, b) : 0
  }
  const lines = inputs.flatMap(({ text }) => linesOf(text))
  const sorted = [...lines].sort((a, b) => compare(a, b) || (options.has('u') ? 0 : (options.has('r') ? -1 : 1) * compareText(a, b)))
  const chosen = options.has('u') ? sorted.filter((line, index) => index === 0 || compare(line, sorted[index - 1] ?? '') !== 0) : sorted
  const target = options.value('o')
  if (target === undefined) call.streams.stdout(unlines(chosen))
  else call.machine.files.write(pathFrom(call.directory, target), unlines(chosen))
  return status
})

const uniq = instant((call) => {
  const options = readOptions(call.args, 'cdui')
  const { inputs, status } = inputsOf(call, options.words)
  const groups: { line: string; count: number }[] = []
  for (const line of inputs.flatMap(({ text }) => linesOf(text))) {
    const last = groups.at(-1)
    if (last !== undefined && (options.has('i') ? last.line.toLowerCase() === line.toLowerCase() : last.line === line)) last.count += 1
    else groups.push({ line, count: 1 })
  }
  for (const { line, count } of groups) {
    if ((options.has('d') && count === 1) || (options.has('u') && count > 1)) continue
    call.streams.stdout(options.has('c') ? `${String(count).padStart(7)} ${line}\n` : `${line}\n`)
  }
  return status
})

const charactersOf = (set: string): readonly string[] => {
  const plain = set
    .replace(
      /\[:(\w+):\]/g,
      (_whole, name: string) =>
        ({ upper: 'A-Z', lower: 'a-z', digit: '0-9', alpha: 'A-Za-z', alnum: '0-9A-Za-z', space: ' \t\n\r\f\v', blank: ' \t' })[name] ?? '',
    )
    .replace(/\\(.)/g, (_whole, letter: string) => ({ n: '\n', t: '\t', r: '\r', '\\': '\\' })[letter] ?? letter)
  const result: string[] = []
  for (let at = 0; at < plain.length; at += 1) {
    if (plain.charAt(at + 1) === '-' && at + 2 < plain.length) {
      for (let code = plain.charCodeAt(at); code <= plain.charCodeAt(at + 2); code += 1) result.push(String.fromCharCode(code))
      at += 2
    } else result.push(plain.charAt(at))
  }
  return result
}

const tr = instant((call) => {
  const options = readOptions(call.args, 'dscC')
  const [first = '', second = ''] = options.words
  const from = charactersOf(first)
  const to = charactersOf(second)
  const complement = options.has('c') || options.has('C')
  const isChosen = (character: string): boolean => from.includes(character) !== complement
  const squeezed = new Set(options.has('s') ? (second === '' ? from : to) : [])
  let result = ''
  for (const character of call.streams.stdin.rest()) {
    if (!isChosen(character)) {
      result += character
      continue
    }
    if (options.has('d')) continue
    const next = second === '' ? character : ((complement ? to.at(-1) : (to[from.indexOf(character)] ?? to.at(-1))) ?? character)
    if (options.has('s') && result.endsWith(next) && (squeezed.has(next) || complement)) continue
    result += next
  }
  call.streams.stdout(result)
  return 0
})

const seq = instant((call) => {
  const options = readOptions(
    call.args.map((word) => word),
    'ws:',
  )
  const numbers = (options.words.length > 0 ? options.words : call.args).map(Number)
  if (numbers.length === 0 || numbers.some(Number.isNaN))
    return complain(
      call,
      numbers.length === 0 ? 'missing operand' : `invalid number '${call.args.find((word) => Number.isNaN(Number(word))) ?? ''}'`,
    )
  const [from, step, to] =
    numbers.length === 1
      ? [1, 1, numbers[0] ?? 0]
      : numbers.length === 2
        ? [numbers[0] ?? 0, 1, numbers[1] ?? 0]
        : [numbers[0] ?? 0, numbers[1] ?? 1, numbers[2] ?? 0]
  if (step === 0) return complain(call, 'invalid Zero increment value')
  const count = Math.floor((to - from) / step) + 1
  if (count > 1_000_000) return complain(call, 'more than a million numbers are not simulated')
  const width = options.has('w') ? Math.max(String(from).length, String(to).length) : 0
  const texts = Array.from({ length: Math.max(0, count) }, (_unused, index) => String(from + index * step).padStart(width, '0'))
  if (texts.length > 0) call.streams.stdout(`${texts.join(options.value('s') ?? '\n')}\n`)
  return 0
})

const tee = instant((call) => {
  const options = readOptions(call.args, 'ai')
  const text = call.streams.stdin.rest()
  let status = 0
  for (const word of options.words) {
    const path = pathFrom(call.directory, word)
    const problem =
      path === '/dev/null' ? undefined : call.machine.files.write(path, options.has('a') ? (call.files.read(path) ?? '') + text : text)
    if (problem !== undefined) status = complain(call, `${word}: ${problem}`)
  }
  call.streams.stdout(text)
  return status
})

/** `xargs -n1 -I{} kubectl …` */
const xargs: Program = function* (call) {
  const valueLetters = 'nIPLsd'
  let at = 0
  let perCall: number | undefined
  let placeholder: string | undefined
  for (; at < call.args.length; at += 1) {
    const word = call.args[at] ?? ''
    if (!word.startsWith('-')) break
    const letter = word.charAt(1)
    const value = valueLetters.includes(letter) ? (word.length > 2 ? word.slice(2) : (call.args[(at += 1)] ?? '')) : ''
    if (letter === 'n') perCall = Number(value)
    else if (letter === 'I') placeholder = value
  }
  const words = call.args.slice(at)
  const command = words.length === 0 ? ['echo'] : words
  const text = call.streams.stdin.rest()
  const items =
    placeholder === undefined
      ? text.split(/\s+/).filter((item) => item !== '')
      : linesOf(text)
          .map((line) => line.trim())
          .filter((item) => item !== '')
  const groups: (readonly string[])[] = []
  const size = placeholder === undefined ? (perCall ?? Math.max(1, items.length)) : 1
  for (let from = 0; from < items.length; from += size) groups.push(items.slice(from, from + size))
  if (groups.length === 0 && placeholder === undefined && !call.args.includes('-r')) groups.push([])
  let status = 0
  for (const group of groups) {
    const [item = ''] = group
    const line = placeholder === undefined ? [...command, ...group] : command.map((word) => word.replaceAll(placeholder, item))
    if ((yield* call.start(line, { ...call.streams, terminal: undefined })) !== 0) status = 123
    if (call.budget.reached() !== undefined) break
  }
  return status
}

const base64 = instant((call) => {
  const options = readOptions(call.args, 'dDw:', { decode: 'd' })
  const { inputs, status } = inputsOf(call, options.words)
  const text = inputs.map((input) => input.text).join('')
  const decode = options.has('d') || options.has('D')
  call.streams.stdout(decode ? fromBase64(text) : `${toBase64(text)}${options.value('w') === '0' ? '' : '\n'}`)
  return status
})

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const toBase64 = (text: string): string => {
  const bytes = [...new TextEncoder().encode(text)]
  let result = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    for (let place = 0; place < 4; place += 1) result += at + place > bytes.length ? '=' : alphabet.charAt((group >> (18 - 6 * place)) & 63)
  }
  return result
}

const fromBase64 = (text: string): string => {
  const bytes: number[] = []
  let bits = 0
  let count = 0
  for (const character of text) {
    const value = alphabet.indexOf(character)
    if (value < 0) continue
    bits = ((bits << 6) | value) & 0xffffff
    count += 6
    if (count >= 8) {
      count -= 8
      bytes.push((bits >> count) & 255)
    }
  }
  return new TextDecoder().decode(new Uint8Array(bytes))
}

const rev = instant((call) => {
  const { inputs, status } = inputsOf(call, call.args)
  for (const { text } of inputs) for (const line of linesOf(text)) call.streams.stdout(`${Array.from(line).reverse().join('')}\n`)
  return status
})

const tac = instant((call) => {
  const { inputs, status } = inputsOf(call, call.args)
  for (const { text } of inputs) call.streams.stdout(unlines([...linesOf(text)].reverse()))
  return status
})

/** Columns as wide as their widest cell, two blanks apart. */
const column = instant((call) => {
  const options = readOptions(call.args, 'ts:')
  const { inputs, status } = inputsOf(call, options.words)
  const rows = inputs.flatMap(({ text }) => linesOf(text)).map((line) => line.split(options.value('s') ?? /\s+/))
  const widths = rows.reduce<readonly number[]>(
    (wide, row) =>
      Array.from({ length: Math.max(wide.length, row.length) }, (_unused, index) => Math.max(wide[index] ?? 0, (row[index] ?? '').length)),
    [],
  )
  for (const row of rows)
    call.streams.stdout(`${row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd((widths[index] ?? 0) + 2))).join('')}\n`)
  return status
})

export const textPrograms: Readonly<Record<string, Program>> = {
  base64,
  cat,
  column,
  cut,
  egrep: grep(true),
  grep: grep(false),
  head: headOrTail('head'),
  rev,
  seq,
  sort,
  tac,
  tail: headOrTail('tail'),
  tee,
  tr,
  uniq,
  wc,
  xargs,
}
