/** Commands that are part of the shell itself. */
import type { ConsoleWait } from '../kubectl/kubectl-cluster.js'
import { formatPrintf } from './printf.js'
import { pathFrom } from './machine.js'
import { escapesOf } from './parse.js'
import { complaint, setVariable, valueOf, type Shell } from './shell-state.js'
import type { Streams } from './streams.js'
import { evaluateTest } from './test-expression.js'

interface BuiltinCall {
  readonly shell: Shell
  readonly args: readonly string[]
  readonly streams: Streams
  readonly run: (words: readonly string[], streams: Streams) => Generator<ConsoleWait, number, void>
  readonly source: (text: string, streams: Streams) => Generator<ConsoleWait, number, void>
}

type Builtin = (call: BuiltinCall) => Generator<ConsoleWait, number, void>

const atOnce = (run: (call: BuiltinCall) => number): Builtin =>
  function* (call): Generator<ConsoleWait, number, void> {
    return run(call)
  }

const complain = ({ shell, streams }: BuiltinCall, text: string, status = 1): number => {
  streams.stderr(complaint(shell, text))
  return status
}

const changeDirectory = atOnce((call) => {
  const { shell, args, streams } = call
  const given = args.find((word) => word !== '--') ?? valueOf(shell, 'HOME') ?? '/'
  const target = pathFrom(shell.directory, given === '-' ? (valueOf(shell, 'OLDPWD') ?? shell.directory) : given)
  if (shell.files.list(target) === undefined) {
    const isFile = shell.files.read(target) !== undefined
    const why = isFile ? 'Not a directory' : 'No such file or directory'
    return complain(
      call,
      shell.flavour === 'bash'
        ? `cd: ${given}: ${why}`
        : shell.flavour === 'dash'
          ? `cd: can't cd to ${given}`
          : `cd: can't cd to ${given}: ${why}`,
      shell.flavour === 'dash' ? 2 : 1,
    )
  }
  setVariable(shell, 'OLDPWD', shell.directory)
  shell.directory = target
  setVariable(shell, 'PWD', target)
  if (given === '-') streams.stdout(`${target}\n`)
  return 0
})

const exporting = atOnce(({ shell, args, streams }) => {
  for (const word of args) {
    if (word.startsWith('-')) continue
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    if (equals < 0) setVariable(shell, name, valueOf(shell, name) ?? '', true)
    else setVariable(shell, name, word.slice(equals + 1), true)
  }
  if (args.length === 0)
    for (const [name, { value, exported }] of sortedVariables(shell))
      if (exported) streams.stdout(`export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
  return 0
})

const sortedVariables = (shell: Shell): readonly (readonly [string, { readonly value: string; readonly exported: boolean }])[] =>
  [...shell.variables].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

const setting = atOnce((call) => {
  const { shell, args, streams } = call
  if (args.length === 0)
    for (const [name, { value }] of sortedVariables(shell)) streams.stdout(`${name}='${value.replaceAll("'", "'\\''")}'\n`)
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? ''
    if (word === '--') {
      shell.positional = args.slice(at + 1)
      return 0
    }
    const sign = word.charAt(0)
    if (sign !== '-' && sign !== '+') {
      shell.positional = args.slice(at)
      return 0
    }
    for (let place = 1; place < word.length; place += 1) {
      const letter = word.charAt(place)
      if (letter === 'o') at += 1
      const name = letter === 'o' ? (longOptions[args[at] ?? ''] ?? args[at] ?? '') : letter
      if (sign === '-') shell.options.add(name)
      else shell.options.delete(name)
    }
  }
  return 0
})

const longOptions: Readonly<Record<string, string>> = { errexit: 'e', nounset: 'u', xtrace: 'x', noglob: 'f', pipefail: 'pipefail' }

function* reading(call: BuiltinCall): Generator<ConsoleWait, number, void> {
  const { shell, args, streams } = call
  const isRaw = args.some((word) => /^-[a-z]*r/.test(word))
  const promptAt = args.indexOf('-p')
  const names = args.filter((word, index) => !word.startsWith('-') && (promptAt < 0 || index !== promptAt + 1))
  let line: string | undefined
  if (streams.terminal !== undefined) {
    streams.terminal.setPrompt(promptAt < 0 ? '' : (args[promptAt + 1] ?? ''))
    yield { kind: 'read-line' }
    const typed = streams.terminal.take()
    line = typed === undefined ? undefined : `${typed}\n`
  } else line = streams.stdin.readLine()
  const ended = line === undefined || !line.endsWith('\n')
  let text = (line ?? '').replace(/\n$/, '')
  if (!isRaw) text = text.replace(/\\(.)/g, '$1')
  const separators = valueOf(shell, 'IFS') ?? ' \t\n'
  const blanks = separators.replace(/\S/g, '')
  const isSeparator = (character: string): boolean => separators.includes(character)
  const isBlank = (character: string): boolean => blanks.includes(character) && character !== ''
  let rest = text
  const trimStart = (): void => {
    while (rest !== '' && isBlank(rest.charAt(0))) rest = rest.slice(1)
  }
  trimStart()
  const targets = names.length === 0 ? ['REPLY'] : names
  for (const [index, name] of targets.entries()) {
    if (index === targets.length - 1) {
      while (rest !== '' && isBlank(rest.charAt(rest.length - 1))) rest = rest.slice(0, -1)
      setVariable(shell, name, rest)
      break
    }
    let end = 0
    while (end < rest.length && !isSeparator(rest.charAt(end))) end += 1
    setVariable(shell, name, rest.slice(0, end))
    rest = rest.slice(end)
    trimStart()
    if (rest !== '' && isSeparator(rest.charAt(0))) rest = rest.slice(1)
    trimStart()
  }
  return ended ? 1 : 0
}

const leaving = atOnce(({ shell, args }) => {
  const [word] = args
  const status = word === undefined ? shell.status : Number(word) & 255
  shell.flow = { kind: 'exit', status }
  return status
})

const jumping = (kind: 'break' | 'continue'): Builtin =>
  atOnce(({ shell, args }) => {
    if (shell.loops > 0) shell.flow = { kind, levels: Math.min(Math.max(1, Number(args[0] ?? '1')), shell.loops) }
    return 0
  })

const testing = (closing: string | undefined): Builtin =>
  atOnce((call) => {
    const { shell, args } = call
    if (closing !== undefined && args.at(-1) !== closing)
      return complain(call, shell.flavour === 'bash' ? `[: missing \`${closing}'` : `[: missing ${closing}`, 2)
    const words = closing === undefined ? args : args.slice(0, -1)
    const outcome = evaluateTest(words, shell, closing === ']]')
    if (typeof outcome === 'boolean') return outcome ? 0 : 1
    return complain(call, `${closing === undefined ? 'test' : closing === ']]' ? '[[' : '['}: ${outcome}`, 2)
  })

const echoing = atOnce(({ shell, args, streams }) => {
  let words = args
  let newline = true
  let escapes = shell.flavour === 'dash'
  const letters = shell.flavour === 'dash' ? /^-n$/ : /^-[neE]+$/
  for (let word = words[0]; word !== undefined && letters.test(word); word = words[0]) {
    if (word.includes('n')) newline = false
    if (word.includes('e')) escapes = true
    if (word.includes('E')) escapes = false
    words = words.slice(1)
  }
  const joined = words.join(' ')
  const stopAt = escapes ? joined.indexOf('\\c') : -1
  const text = escapes ? escapesOf(stopAt < 0 ? joined : joined.slice(0, stopAt)) : joined
  streams.stdout(newline && stopAt < 0 ? `${text}\n` : text)
  return 0
})

const printing = atOnce((call) => {
  const [format, ...values] = call.args
  if (format === undefined) return complain(call, 'printf: usage: printf format [arguments]', 2)
  call.streams.stdout(formatPrintf(format, values))
  return 0
})

const kindOf = (shell: Shell, name: string): 'alias' | 'builtin' | 'program' | undefined =>
  shell.aliases.has(name) ? 'alias' : builtins.has(name) ? 'builtin' : shell.machine.program(name) === undefined ? undefined : 'program'

/** `type kubectl`, `command -v kubectl`, `which kubectl`. */
const telling = (how: 'type' | 'which'): Builtin =>
  atOnce(({ shell, args, streams }) => {
    let status = 0
    for (const name of args.filter((word) => !word.startsWith('-'))) {
      const kind = kindOf(shell, name)
      const path = `/usr/bin/${name}`
      if (kind === undefined || (how === 'which' && kind !== 'program')) {
        status = how === 'type' ? 127 : 1
        if (how === 'type') streams.stderr(shell.flavour === 'bash' ? complaint(shell, `type: ${name}: not found`) : `${name}: not found\n`)
      } else if (how === 'type')
        streams.stdout(
          kind === 'builtin'
            ? `${name} is a shell builtin\n`
            : kind === 'alias'
              ? `${name} is aliased to \`${shell.aliases.get(name) ?? ''}'\n`
              : `${name} is ${path}\n`,
        )
      else streams.stdout(`${path}\n`)
    }
    return status
  })

function* commanding(call: BuiltinCall): Generator<ConsoleWait, number, void> {
  const { shell, args, streams, run } = call
  if (args[0] !== '-v' && args[0] !== '-V') return yield* run(args, streams)
  const name = args[1] ?? ''
  const kind = kindOf(shell, name)
  if (kind === undefined) return 127
  streams.stdout(kind === 'program' ? `/usr/bin/${name}\n` : `${name}\n`)
  return 0
}

const aliasing = atOnce(({ shell, args, streams }) => {
  for (const word of args) {
    const equals = word.indexOf('=')
    if (equals > 0) shell.aliases.set(word.slice(0, equals), word.slice(equals + 1))
  }
  if (args.length === 0) for (const [name, text] of shell.aliases) streams.stdout(`alias ${name}='${text}'\n`)
  return 0
})

function* sourcing(call: BuiltinCall): Generator<ConsoleWait, number, void> {
  const { shell, args, streams, source } = call
  const [file = ''] = args
  // `source <(kubectl completion bash)` and its like set up what only a keyboard needs.
  const content = shell.files.read(pathFrom(shell.directory, file))
  if (content === undefined)
    return complain(
      call,
      shell.flavour === 'bash' ? `${file}: No such file or directory` : `.: can't open '${file}'`,
      shell.flavour === 'bash' ? 1 : 2,
    )
  return yield* source(content, streams)
}

function* replacing({ shell, args, streams, run }: BuiltinCall): Generator<ConsoleWait, number, void> {
  if (args.length === 0) return 0
  const status = yield* run(args, streams)
  shell.flow = { kind: 'exit', status }
  return status
}

const nothing = atOnce(() => 0)

const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [':', nothing],
  ['true', nothing],
  ['false', atOnce(() => 1)],
  ['.', sourcing],
  ['source', sourcing],
  ['[', testing(']')],
  ['[[', testing(']]')],
  ['test', testing(undefined)],
  ['alias', aliasing],
  [
    'unalias',
    atOnce(({ shell, args }) => {
      for (const name of args) shell.aliases.delete(name)
      return 0
    }),
  ],
  ['break', jumping('break')],
  ['continue', jumping('continue')],
  ['cd', changeDirectory],
  ['command', commanding],
  ['echo', echoing],
  [
    'eval',
    function* ({ args, streams, source }): Generator<ConsoleWait, number, void> {
      return yield* source(args.join(' '), streams)
    },
  ],
  ['exec', replacing],
  ['exit', leaving],
  ['logout', leaving],
  ['return', leaving],
  ['export', exporting],
  ['printf', printing],
  [
    'pwd',
    atOnce(({ shell, streams }) => {
      streams.stdout(`${shell.directory}\n`)
      return 0
    }),
  ],
  ['read', reading],
  ['set', setting],
  [
    'shift',
    atOnce(({ shell, args }) => {
      shell.positional = shell.positional.slice(Number(args[0] ?? '1'))
      return 0
    }),
  ],
  ['trap', nothing],
  ['type', telling('type')],
  ['which', telling('which')],
  ['umask', nothing],
  ['wait', nothing],
  ['clear', nothing],
  [
    'unset',
    atOnce(({ shell, args }) => {
      for (const name of args) shell.variables.delete(name)
      return 0
    }),
  ],
])

export const builtinOf = (name: string): Builtin | undefined => builtins.get(name)
