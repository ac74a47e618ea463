/** Runs parsed scripts: lists, pipes, loops, redirects, and the search for the program that a word names. */
import * as E from 'fp-ts/lib/Either.js'
import type { ConsoleWait } from '../kubectl/kubectl-cluster.js'
import { builtinOf } from './builtins.js'
import { expandToPattern, expandToText, expandWords, type Expander } from './expand.js'
import { pathFrom, type Machine, type ProgramCall } from './machine.js'
import { parseScript } from './parse.js'
import { matchesShellPattern } from './patterns.js'
import { complaint, exportedOf, newShell, setVariable, subshellOf, type Shell } from './shell-state.js'
import { collector, inputOf, noInput, type Budget, type Streams } from './streams.js'
import type { AndOrList, Command, Pipeline, Redirect, Script, Word } from './syntax.js'

type Waits<T> = Generator<ConsoleWait, T, void>

const isStopped = (shell: Shell): boolean => shell.flow !== undefined || shell.budget.reached() !== undefined

function* runScript(shell: Shell, script: Script, streams: Streams): Waits<number> {
  const { budget } = shell
  try {
    if (!budget.enter()) return 125
    for (const list of script) {
      if (isStopped(shell)) break
      yield* runList(shell, list, streams)
    }
    return shell.status
  } finally {
    budget.leave()
  }
}

function* runList(shell: Shell, { first, rest }: AndOrList, streams: Streams): Waits<void> {
  const hasMore = rest.length > 0
  if (hasMore) shell.conditions += 1
  yield* runPipeline(shell, first, streams)
  let isLast = !hasMore
  for (const [index, { joint, pipeline }] of rest.entries()) {
    if (isStopped(shell)) break
    if ((joint === '&&') !== (shell.status === 0)) continue
    isLast = index === rest.length - 1
    if (isLast) shell.conditions -= 1
    yield* runPipeline(shell, pipeline, streams)
    if (isLast) shell.conditions += 1
  }
  if (hasMore) shell.conditions -= 1
  // With `set -e` a failing command ends the shell, unless something looks at its status.
  const tested = isLast ? (rest.at(-1)?.pipeline.negated ?? first.negated) : true
  if (shell.options.has('e') && shell.status !== 0 && shell.conditions === 0 && !tested)
    shell.flow ??= { kind: 'exit', status: shell.status }
}

function* runPipeline(shell: Shell, { negated, commands }: Pipeline, streams: Streams): Waits<void> {
  const [only] = commands
  if (commands.length === 1 && only !== undefined) yield* runCommand(shell, only, streams)
  else {
    // Each command of a pipe is a subshell of its own; a command starts when the one before has ended.
    let input = streams.stdin
    let status = 0
    let failed = 0
    for (const [index, command] of commands.entries()) {
      const isLast = index === commands.length - 1
      const output = collector(shell.budget)
      const member = subshellOf(shell)
      yield* runCommand(member, command, {
        stdin: input,
        stdout: isLast ? streams.stdout : output.sink,
        stderr: streams.stderr,
        terminal: index === 0 ? streams.terminal : undefined,
        isShown: isLast && streams.isShown,
      })
      status = member.flow?.kind === 'exit' ? member.flow.status : member.status
      if (status !== 0) failed = status
      if (!isLast) input = inputOf(output.text())
      if (shell.budget.reached() !== undefined) break
    }
    shell.status = shell.options.has('pipefail') ? failed : status
  }
  if (negated) shell.status = shell.status === 0 ? 1 : 0
}

function* runCommand(shell: Shell, command: Command, streams: Streams): Waits<void> {
  if (!shell.budget.countCommand()) return
  if (command.kind === 'simple') {
    yield* runSimple(shell, command, streams)
    return
  }
  const redirected = yield* redirect(shell, command.redirects, streams)
  if (redirected === undefined) return
  yield* runCompound(shell, command, redirected.streams)
  redirected.close()
}

function* runCompound(shell: Shell, command: Exclude<Command, { kind: 'simple' }>, streams: Streams): Waits<void> {
  switch (command.kind) {
    case 'group':
      yield* runScript(shell, command.body, streams)
      return
    case 'subshell': {
      const inner = subshellOf(shell)
      yield* runScript(inner, command.body, streams)
      shell.status = inner.flow?.kind === 'exit' ? inner.flow.status : inner.status
      return
    }
    case 'if': {
      for (const { condition, body } of command.branches) {
        const holds = yield* runCondition(shell, condition, streams)
        if (isStopped(shell)) return
        if (holds) {
          shell.status = 0
          yield* runScript(shell, body, streams)
          return
        }
      }
      shell.status = 0
      if (command.otherwise !== undefined) yield* runScript(shell, command.otherwise, streams)
      return
    }
    case 'while':
    case 'until': {
      let status = 0
      yield* loop(shell, function* () {
        const holds = yield* runCondition(shell, command.condition, streams)
        if (holds !== (command.kind === 'while') || isStopped(shell)) return false
        yield* runScript(shell, command.body, streams)
        status = shell.status
        return true
      })
      if (shell.flow === undefined) shell.status = status
      return
    }
    case 'for': {
      const words = command.words === undefined ? shell.positional : yield* expandWords(expanderOf(shell, streams), command.words)
      if (isStopped(shell)) return
      shell.status = 0
      let next = 0
      yield* loop(shell, function* () {
        const word = words[next]
        if (word === undefined) return false
        next += 1
        setVariable(shell, command.name, word)
        yield* runScript(shell, command.body, streams)
        return true
      })
      return
    }
    case 'case': {
      const expander = expanderOf(shell, streams)
      const text = yield* expandToText(expander, command.word)
      shell.status = 0
      for (const { patterns, body } of command.branches) {
        for (const pattern of patterns) {
          if (!matchesShellPattern(yield* expandToPattern(expander, pattern), text)) continue
          yield* runScript(shell, body, streams)
          return
        }
      }
    }
  }
}

function* runCondition(shell: Shell, condition: Script, streams: Streams): Waits<boolean> {
  shell.conditions += 1
  yield* runScript(shell, condition, streams)
  shell.conditions -= 1
  return shell.status === 0
}

/** Rounds until `round` says no, or `break`. */
function* loop(shell: Shell, round: () => Waits<boolean>): Waits<void> {
  shell.loops += 1
  while (shell.budget.countRound()) {
    const goesOn = yield* round()
    const { flow } = shell
    if (flow !== undefined) {
      if (flow.kind === 'exit') break
      if (flow.levels > 1) {
        flow.levels -= 1
        break
      }
      shell.flow = undefined
      if (flow.kind === 'break') break
      continue
    }
    if (!goesOn) break
  }
  shell.loops -= 1
}

const expanderOf = (shell: Shell, streams: Streams): Expander => ({
  shell,
  streams,
  *substitute(script) {
    const output = collector(shell.budget)
    const inner = subshellOf(shell)
    yield* runScript(inner, script, { ...streams, stdout: output.sink, isShown: false })
    shell.status = inner.flow?.kind === 'exit' ? inner.flow.status : inner.status
    return output.text().replace(/\n+$/, '')
  },
  fail: (text) => {
    streams.stderr(complaint(shell, text))
    shell.status = shell.flavour === 'bash' ? 1 : 2
    shell.flow ??= { kind: 'exit', status: shell.status }
  },
})

interface Redirected {
  readonly streams: Streams
  readonly close: () => void
}

const cannotOpen = (shell: Shell, path: string, how: 'read' | 'write', why: string): string => {
  if (shell.flavour === 'bash') return complaint(shell, `${path}: ${why}`)
  const missing = why === 'No such file or directory'
  if (shell.flavour === 'dash')
    return complaint(
      shell,
      `cannot ${how === 'read' ? 'open' : 'create'} ${path}: ${missing ? (how === 'read' ? 'No such file' : 'Directory nonexistent') : why}`,
    )
  return complaint(
    shell,
    `can't ${how === 'read' ? 'open' : 'create'} ${path}: ${missing ? (how === 'read' ? 'no such file' : 'nonexistent directory') : why}`,
  )
}

/** The streams after the redirects; undefined when one cannot be opened (which was said). */
function* redirect(shell: Shell, redirects: readonly Redirect[], streams: Streams): Waits<Redirected | undefined> {
  if (redirects.length === 0) return { streams, close: () => undefined }
  const expander = expanderOf(shell, streams)
  let { stdin, stdout, stderr, terminal, isShown } = streams
  const written = new Set<string>()
  const refuse = (text: string): undefined => {
    streams.stderr(text)
    shell.status = shell.flavour === 'dash' ? 2 : 1
    return undefined
  }
  const close = (): void => {
    for (const path of written) {
      const content = shell.openFiles.get(path)?.content ?? ''
      shell.openFiles.delete(path)
      const problem = shell.machine.files.write(path, content)
      if (problem !== undefined) streams.stderr(cannotOpen(shell, path, 'write', problem))
    }
  }
  for (const redirection of redirects) {
    if (redirection.kind === 'document') {
      stdin = inputOf(yield* expandToText(expander, redirection.text))
      terminal = undefined
      continue
    }
    if (redirection.kind === 'duplicate') {
      if (redirection.descriptor === 2) stderr = redirection.from === 1 ? stdout : stderr
      else if (redirection.descriptor === 1) stdout = redirection.from === 2 ? stderr : stdout
      continue
    }
    const given = yield* expandToText(expander, redirection.target)
    if (shell.flow !== undefined) return undefined
    const path = pathFrom(shell.directory, given)
    if (redirection.kind === 'read') {
      const content = shell.files.read(path)
      if (content === undefined) {
        close()
        return refuse(
          cannotOpen(shell, given, 'read', shell.files.list(path) === undefined ? 'No such file or directory' : 'Is a directory'),
        )
      }
      stdin = inputOf(content)
      terminal = undefined
      continue
    }
    const sink =
      path === '/dev/null'
        ? () => undefined
        : path === '/dev/stdout'
          ? stdout
          : path === '/dev/stderr'
            ? stderr
            : fileSink(shell, path, redirection.kind === 'append')
    if (typeof sink === 'string') {
      close()
      return refuse(cannotOpen(shell, given, 'write', sink))
    }
    if (shell.openFiles.has(path)) written.add(path)
    if (redirection.kind === 'both' || redirection.descriptor === 1) isShown = false
    if (redirection.kind === 'both') {
      stdout = sink
      stderr = sink
    } else if (redirection.descriptor === 2) stderr = sink
    else if (redirection.descriptor === 1) stdout = sink
  }
  return { streams: { stdin, stdout, stderr, terminal, isShown }, close }
}

/** A sink into a file that is written when it is closed, or why it cannot be. */
const fileSink = (shell: Shell, path: string, append: boolean): ((text: string) => void) | string => {
  const problem = shell.machine.files.writeProblem(path)
  if (problem !== undefined) return problem
  const open = { content: append ? (shell.files.read(path) ?? '') : '' }
  shell.openFiles.set(path, open)
  return (text) => {
    if (shell.budget.countOutput(text.length)) open.content += text
  }
}

function* runSimple(shell: Shell, command: Extract<Command, { kind: 'simple' }>, streams: Streams): Waits<void> {
  const expander = expanderOf(shell, streams)
  const statusBefore = shell.status
  const words = yield* expandWords(expander, withAlias(shell, command.words))
  if (isStopped(shell)) return
  const assigned: (readonly [string, string])[] = []
  for (const { name, value } of command.assignments) {
    const text = yield* expandToText(expander, value)
    if (isStopped(shell)) return
    if (words.length === 0) setVariable(shell, name, text)
    else assigned.push([name, text])
  }
  if (words.length === 0 && !hasSubstitution(command)) shell.status = 0
  else if (words.length > 0) shell.status = statusBefore
  if (shell.options.has('x') && (words.length > 0 || command.assignments.length > 0))
    streams.stderr(
      `+ ${[...command.assignments.map(({ name }) => `${name}=${shell.variables.get(name)?.value ?? ''}`), ...words].join(' ')}\n`,
    )
  const redirected = yield* redirect(shell, command.redirects, streams)
  if (redirected === undefined) return
  if (words.length > 0) shell.status = yield* runWords(shell, words, redirected.streams, Object.fromEntries(assigned))
  redirected.close()
}

const hasSubstitution = ({ assignments }: Extract<Command, { kind: 'simple' }>): boolean =>
  assignments.some(({ value }) => value.some(({ kind }) => kind === 'command'))

/** An alias stands for the words it was set to. */
const withAlias = (shell: Shell, words: readonly Word[]): readonly Word[] => {
  const [first, ...rest] = words
  const [part] = first ?? []
  if (shell.aliases.size === 0 || first?.length !== 1 || part?.kind !== 'text' || part.quoted) return words
  const text = shell.aliases.get(part.text)
  const parsed = text === undefined ? undefined : parseScript(text)
  if (parsed === undefined || E.isLeft(parsed)) return words
  const command = parsed.right[0]?.first.commands[0]
  return command?.kind === 'simple' ? [...command.words, ...rest] : words
}

/** Runs a command by its words: a builtin, a program of the machine, or a script file. */
function* runWords(shell: Shell, words: readonly string[], streams: Streams, extra: Readonly<Record<string, string>> = {}): Waits<number> {
  const [word = '', ...args] = words
  const builtin = builtinOf(word)
  if (builtin !== undefined) {
    const before = Object.keys(extra).map((name) => [name, shell.variables.get(name)] as const)
    for (const [name, value] of Object.entries(extra)) setVariable(shell, name, value)
    const status = yield* builtin({
      shell,
      args,
      streams,
      run: (inner, given) => runWords(shell, inner, given),
      source: (text, given) => sourceText(shell, text, given),
    })
    for (const [name, value] of before) {
      if (value === undefined) shell.variables.delete(name)
      else shell.variables.set(name, value)
    }
    return status
  }
  const environment = { ...exportedOf(shell), ...extra }
  const { machine } = shell
  const name = programName(word)
  const program = name === undefined ? undefined : machine.program(name)
  if (program !== undefined && name !== undefined) {
    return yield* interruptible(
      program(callOf(machine, { name, args, streams, environment, directory: shell.directory, files: shell.files, budget: shell.budget })),
      shell.budget,
    )
  }
  if (word.includes('/')) {
    const content = shell.files.read(pathFrom(shell.directory, word))
    if (content !== undefined)
      return yield* startShell({
        machine,
        words: ['sh', word, ...args],
        streams,
        environment,
        directory: shell.directory,
        budget: shell.budget,
      })
    streams.stderr(complaint(shell, shell.flavour === 'bash' ? `${word}: No such file or directory` : `${word}: not found`))
    return 127
  }
  const refusal = machine.refusal(word)
  streams.stderr(complaint(shell, refusal ?? (shell.flavour === 'bash' ? `${word}: command not found` : `${word}: not found`)))
  return 127
}

/** When a limit is reached while a program waits, it ends there, unless a person's shell runs inside it: then what that shell started ends. */
function* interruptible(running: Waits<number>, budget: Budget): Waits<number> {
  const conversations = budget.conversations()
  for (let step = running.next(); ; step = running.next()) {
    if (step.done === true) return step.value
    yield step.value
    if (budget.reached() === undefined || budget.conversations() !== conversations) continue
    running.return(interruptedStatus)
    return interruptedStatus
  }
}

const interruptedStatus = 130

const programFolders: ReadonlySet<string> = new Set(['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'])

const programName = (word: string): string | undefined => {
  const slash = word.lastIndexOf('/')
  if (slash < 0) return word
  return programFolders.has(word.slice(0, slash)) ? word.slice(slash + 1) : undefined
}

type CallParts = Pick<ProgramCall, 'name' | 'args' | 'streams' | 'environment' | 'directory' | 'files' | 'budget'>

const callOf = (machine: Machine, parts: CallParts): ProgramCall => ({
  ...parts,
  machine,
  *start(words, streams, environment = parts.environment) {
    return yield* runWords(
      newShell({
        machine,
        flavour: machine.flavour,
        budget: parts.budget,
        name: parts.name,
        positional: [],
        environment,
        directory: parts.directory,
      }),
      words,
      streams,
    )
  },
})

/** Commands of the shell that every userland also has as programs of their own. */
const twins: ReadonlySet<string> = new Set(['[', 'echo', 'false', 'printf', 'pwd', 'test', 'true'])

export const isShellTwin = (machine: Machine, name: string): boolean => twins.has(name) && machine.program('sh') !== undefined

/** Runs a program directly, as `exec` does: no shell reads the words. Undefined: there is no such program. */
export function* startProgram(machine: Machine, words: readonly string[], streams: Streams, budget: Budget): Waits<number | undefined> {
  const [word = '', ...args] = words
  const name = programName(word)
  const program = name === undefined ? undefined : machine.program(name)
  if (program === undefined && name !== undefined && isShellTwin(machine, name)) {
    const { environment, directory } = machine
    return yield* startShell({ machine, words: ['sh', '-c', '"$0" "$@"', name, ...args], streams, environment, directory, budget })
  }
  if (program === undefined || name === undefined) {
    const content = word.includes('/') ? machine.files.read(pathFrom(machine.directory, word)) : undefined
    if (content === undefined) return undefined
    return yield* startShell({
      machine,
      words: ['sh', word, ...args],
      streams,
      environment: machine.environment,
      directory: machine.directory,
      budget,
    })
  }
  return yield* program(
    callOf(machine, { name, args, streams, environment: machine.environment, directory: machine.directory, files: machine.files, budget }),
  )
}

/** `eval`, `.`: in this same shell. */
function* sourceText(shell: Shell, text: string, streams: Streams): Waits<number> {
  const parsed = parseScript(text)
  if (E.isLeft(parsed)) {
    streams.stderr(complaint(shell, parsed.left.message))
    return 2
  }
  shell.status = 0
  return yield* runScript(shell, parsed.right, streams)
}

export interface ShellCall {
  readonly machine: Machine
  /** `sh -c …`, `bash script.sh a b`, `sh` */
  readonly words: readonly string[]
  readonly streams: Streams
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  readonly budget: Budget
}

/** A shell as a program: `-c`, a script file, a script on its input, or a session with a person. */
export function* startShell({ machine, words, streams, environment, directory, budget }: ShellCall): Waits<number> {
  const [called = 'sh', ...given] = words
  const isBash = called.endsWith('bash')
  const flavour = isBash ? 'bash' : machine.flavour === 'bash' ? 'dash' : machine.flavour
  const options: string[] = []
  let rest = given
  let command = false
  for (let word = rest[0]; word !== undefined && /^[-+][A-Za-z-]+$/.test(word); word = rest[0]) {
    rest = rest.slice(1)
    if (word.startsWith('--')) continue
    if (word.includes('c')) command = true
    if (word.startsWith('-')) options.push(...['e', 'u', 'x'].filter((letter) => word.includes(letter)))
    if (word === '-o') rest = rest.slice(1)
  }
  const shellNamed = (name: string, positional: readonly string[]): Shell => {
    const shell = newShell({ machine, flavour, budget, name, positional, environment, directory })
    for (const option of options) shell.options.add(option)
    setVariable(shell, 'PWD', directory, true)
    return shell
  }
  const runText = function* (shell: Shell, text: string): Waits<number> {
    const parsed = parseScript(text)
    if (E.isLeft(parsed)) {
      streams.stderr(complaint(shell, parsed.left.message))
      return 2
    }
    yield* runScript(shell, parsed.right, streams)
    return shell.flow?.kind === 'exit' ? shell.flow.status : shell.status
  }
  if (command) {
    const [text, name = called, ...positional] = rest
    const shell = shellNamed(flavour === 'bash' ? `${name}: line 1` : name, positional)
    if (text !== undefined) return yield* runText(shell, text)
    streams.stderr(complaint(shell, flavour === 'busybox' ? '-c requires an argument' : '-c: option requires an argument'))
    return 2
  }
  const [file, ...positional] = rest
  if (file !== undefined) {
    const shell = shellNamed(file, positional)
    const content = machine.files.read(pathFrom(directory, file))
    if (content !== undefined) return yield* runText(shell, content)
    const complainer = shellNamed(called, [])
    streams.stderr(
      complaint(
        complainer,
        flavour === 'bash'
          ? `${file}: No such file or directory`
          : flavour === 'dash'
            ? `cannot open ${file}: No such file`
            : `can't open '${file}': No such file or directory`,
      ),
    )
    return flavour === 'bash' ? 127 : 2
  }
  const shell = shellNamed(called, [])
  if (streams.terminal === undefined) return yield* runText(shell, streams.stdin.rest())
  return yield* converse(shell, { ...streams, stdin: noInput })
}

/** A shell with a person: reads a line, runs it, and so on until `exit` or the end of the input. */
export function* converse(shell: Shell, streams: Streams): Waits<number> {
  shell.budget.converse(1)
  try {
    return yield* readAndRun(shell, streams)
  } finally {
    shell.budget.converse(-1)
  }
}

function* readAndRun(shell: Shell, streams: Streams): Waits<number> {
  const { terminal } = streams
  if (terminal === undefined) return shell.status
  let text = ''
  for (;;) {
    terminal.setPrompt(text === '' ? shell.machine.promptOf(shell.flavour, shell.directory) : '> ')
    terminal.setStatus(shell.status)
    yield { kind: 'read-line' }
    const line = terminal.take()
    if (line === undefined) return shell.status
    text += `${text === '' ? '' : '\n'}${line}`
    const parsed = parseScript(text)
    if (E.isLeft(parsed)) {
      if (parsed.left.incomplete) continue
      streams.stderr(complaint(shell, parsed.left.message))
      shell.status = 2
      text = ''
      continue
    }
    text = ''
    yield* runScript(shell, parsed.right, streams)
    if (shell.flow?.kind === 'exit') return shell.flow.status
    shell.flow = undefined
    shell.conditions = 0
    shell.loops = 0
  }
}
