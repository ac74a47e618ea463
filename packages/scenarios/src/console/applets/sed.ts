/** sed: addresses, `s`, `p`, `d`, `q`, `i`, `a`, `c`, `y`; enough for what people paste. */
import { instant, pathFrom, type Program } from '../shell/machine.js'
import { complain, readOptions } from './options.js'
import { linesOf, missingFile, posixRegExp } from './text-programs.js'

type Address =
  | { readonly kind: 'line'; readonly number: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'pattern'; readonly pattern: RegExp }

interface Step {
  readonly from: Address | undefined
  readonly to: Address | undefined
  readonly negated: boolean
  readonly act: (line: string) => { readonly line: string; readonly changed: boolean }
  readonly letter: string
  readonly text: string
  readonly prints: boolean
}

const unescape = (text: string): string => text.replace(/\\n/g, '\n').replace(/\\t/g, '\t')

const textAt = (group: unknown): string => (typeof group === 'string' ? group : '')

/** Text up to an unescaped delimiter. */
const upTo = (script: string, at: number, delimiter: string): { readonly text: string; readonly end: number } | undefined => {
  let text = ''
  for (let place = at; place < script.length; place += 1) {
    const character = script.charAt(place)
    if (character === delimiter) return { text, end: place + 1 }
    if (character === '\\' && place + 1 < script.length) {
      place += 1
      text += script.charAt(place) === delimiter ? delimiter : `\\${script.charAt(place)}`
    } else text += character
  }
  return undefined
}

const parse = (script: string, extended: boolean): readonly Step[] | string => {
  const steps: Step[] = []
  let at = 0
  const blanks = (): void => {
    while (/[\s;]/.test(script.charAt(at)) && at < script.length) at += 1
  }
  const address = (): Address | undefined | string => {
    const number = /^\d+/.exec(script.slice(at))?.[0]
    if (number !== undefined) {
      at += number.length
      return { kind: 'line', number: Number(number) }
    }
    if (script.charAt(at) === '$') {
      at += 1
      return { kind: 'last' }
    }
    const custom = script.startsWith('\\', at)
    if (script.charAt(at) !== '/' && !custom) return undefined
    const delimiter = custom ? script.charAt(at + 1) : '/'
    const found = upTo(script, at + (custom ? 2 : 1), delimiter)
    const pattern = found === undefined ? undefined : posixRegExp(found.text, extended, '')
    if (found === undefined || pattern === undefined) return 'unterminated address regex'
    at = found.end
    return { kind: 'pattern', pattern }
  }
  for (;;) {
    blanks()
    if (at >= script.length) return steps
    const from = address()
    if (typeof from === 'string') return from
    let to: Address | undefined
    if (script.charAt(at) === ',') {
      at += 1
      const end = address()
      if (typeof end === 'string' || end === undefined) return "unexpected `,'"
      to = end
    }
    while (script.charAt(at) === ' ') at += 1
    const negated = script.charAt(at) === '!'
    if (negated) at += 1
    const letter = script.charAt(at)
    at += 1
    const step = { from, to, negated, letter, text: '', prints: false, act: (line: string) => ({ line, changed: false }) }
    if (letter === 's' || letter === 'y') {
      const delimiter = script.charAt(at)
      const first = upTo(script, at + 1, delimiter)
      const second = first === undefined ? undefined : upTo(script, first.end, delimiter)
      if (first === undefined || second === undefined) return `unterminated \`${letter}' command`
      at = second.end
      const flags = /^[gpiI\d]*/.exec(script.slice(at))?.[0] ?? ''
      at += flags.length
      if (letter === 'y') {
        const targets = Array.from(second.text)
        steps.push({
          ...step,
          act: (line) => ({
            line: Array.from(line, (character) => targets[Array.from(first.text).indexOf(character)] ?? character).join(''),
            changed: true,
          }),
        })
        continue
      }
      const pattern = posixRegExp(first.text, extended, `g${/[iI]/.test(flags) ? 'i' : ''}`)
      if (pattern === undefined) return 'invalid regular expression'
      const which = Number(/\d+/.exec(flags)?.[0] ?? '1')
      const all = flags.includes('g')
      steps.push({
        ...step,
        prints: flags.includes('p'),
        act: (line) => {
          let count = 0
          let changed = false
          const result = line.replace(pattern, (...match: readonly unknown[]) => {
            count += 1
            const whole = textAt(match[0])
            if (all ? count < which : count !== which) return whole
            changed = true
            return unescape(
              second.text.replace(/\\(\d)|\\&|&/g, (sign, group: string | undefined) =>
                group !== undefined ? textAt(match[Number(group)]) : sign === '&' ? whole : '\\&',
              ),
            )
              .replaceAll('\\&', '&')
              .replace(/\\([/|#,.[\]*$^])/g, '$1')
          })
          return { line: result, changed }
        },
      })
    } else if (letter === 'i' || letter === 'a' || letter === 'c') {
      const end = script.indexOf('\n', at) < 0 ? script.length : script.indexOf('\n', at)
      steps.push({ ...step, text: script.slice(at, end).replace(/^\s*\\?\s*\n?/, '') })
      at = end
    } else if (['p', 'd', 'q', '='].includes(letter)) steps.push(step)
    else return letter === '' ? 'missing command' : `unknown command: \`${letter}'`
  }
}

const matches = (address: Address, line: string, number: number, last: number): boolean =>
  address.kind === 'line' ? number === address.number : address.kind === 'last' ? number === last : address.pattern.test(line)

const editText = (steps: readonly Step[], text: string, quiet: boolean): string => {
  const lines = linesOf(text)
  const active = new Set<Step>()
  let result = ''
  for (const [index, original] of lines.entries()) {
    const number = index + 1
    let line = original
    let deleted = false
    let quits = false
    let after = ''
    for (const step of steps) {
      let applies = true
      if (step.from !== undefined && step.to !== undefined) {
        if (active.has(step)) {
          if (step.to.kind === 'line' ? number >= step.to.number : matches(step.to, line, number, lines.length)) active.delete(step)
        } else if (matches(step.from, line, number, lines.length)) {
          if (step.to.kind !== 'line' || step.to.number > number) active.add(step)
        } else applies = false
      } else if (step.from !== undefined) applies = matches(step.from, line, number, lines.length)
      if (applies === step.negated) continue
      if (step.letter === 'd') {
        deleted = true
        break
      }
      if (step.letter === 'p') result += `${line}\n`
      else if (step.letter === '=') result += `${number}\n`
      else if (step.letter === 'i') result += `${step.text}\n`
      else if (step.letter === 'a') after += `${step.text}\n`
      else if (step.letter === 'c') {
        result += `${step.text}\n`
        deleted = true
        break
      } else if (step.letter === 'q') {
        quits = true
        break
      } else {
        const { line: next, changed } = step.act(line)
        line = next
        if (changed && step.prints) result += `${line}\n`
      }
    }
    if (!deleted && !quiet) result += `${line}\n`
    result += after
    if (quits) break
  }
  return result
}

export const sed: Program = instant((call) => {
  const args = call.args.map((word) => (/^-i./.test(word) && !/^-i[nrE]/.test(word) ? '-i' : word))
  const options = readOptions(args, 'nrEie:', { quiet: 'n', 'regexp-extended': 'E', 'in-place': 'i', expression: 'e:' })
  const given = options.values('e')
  const script = given.length > 0 ? given.join('\n') : (options.words[0] ?? '')
  const files = given.length > 0 ? options.words : options.words.slice(1)
  const steps = parse(script, options.has('r') || options.has('E'))
  if (typeof steps === 'string')
    return complain(call, call.machine.flavour === 'busybox' ? steps : `-e expression #1, char ${script.length}: ${steps}`)
  if (files.length === 0) {
    call.streams.stdout(editText(steps, call.streams.stdin.rest(), options.has('n')))
    return 0
  }
  let status = 0
  for (const file of files) {
    const path = pathFrom(call.directory, file)
    const text = call.files.read(path)
    if (text === undefined) {
      status = complain(
        call,
        call.machine.flavour === 'busybox' ? `${file}: No such file or directory` : `can't read ${missingFile(call, file)}`,
        call.machine.flavour === 'busybox' ? 1 : 2,
      )
      continue
    }
    const edited = editText(steps, text, options.has('n'))
    if (!options.has('i')) call.streams.stdout(edited)
    else {
      const problem = call.machine.files.write(path, edited)
      if (problem !== undefined) status = complain(call, `${file}: ${problem}`)
    }
  }
  return status
})
