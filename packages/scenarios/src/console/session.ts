/**
 * A person at a console: one line after another, with variables, a working directory and shells inside shells. The console is an outside
 * actor: it submits commands between turns and lets simulated time pass while a line waits; the cluster keeps nothing of it.
 */
import { seededChoose, type Simulation } from '@statefold/core'
import { containerLogs } from './applets/container-logs.js'
import { execInContainer } from './applets/exec-in-container.js'
import { containerMachine, viewOf } from './applets/container-machine.js'
import { workstation } from './applets/host-machine.js'
import { kubectlClusterOf, kubectlTiming, type ConsoleFiles, type ConsoleTiming, type LineResult } from './cluster-console.js'
import { kubectl } from './kubectl/kubectl.js'
import type { ConsoleContext, ConsoleWait, CopiedFiles, FileEditor } from './kubectl/kubectl-cluster.js'
import { pathFrom, type Machine, type Program, type ProgramCall } from './shell/machine.js'
import { shellLimits, type LimitReached } from './shell/shell-limits.js'
import { converse } from './shell/run-script.js'
import { newShell } from './shell/shell-state.js'
import { newBudget, noInput, type Budget } from './shell/streams.js'
import { runTranscript, type TranscriptResult } from './transcript/run-transcript.js'

export interface SessionOptions {
  readonly simulation: Simulation
  readonly files: ConsoleFiles
  readonly timing?: ConsoleTiming
}

export interface OutputPiece {
  readonly to: 'stdout' | 'stderr'
  readonly text: string
}

export interface SessionLine extends LineResult {
  /** Both outputs, in the order in which they came. */
  readonly shown: string
  /** The same, each piece with the output that it went to. */
  readonly pieces: readonly OutputPiece[]
  /** Why the line was ended from outside. */
  readonly ended?: LimitReached
  /** The outermost shell was left. A further line starts a new one. */
  readonly left: boolean
}

export interface Session {
  /** One line, or several that belong together. `watchLines`: a watch is interrupted when it has shown so many. */
  readonly run: (line: string, options?: { readonly watchLines?: number }) => SessionLine
  readonly runTranscript: (text: string) => TranscriptResult
  readonly prompt: () => string
  /** Shells inside the first one. */
  readonly depth: () => number
}

/** The parts that several terminals of one console share. */
interface Desk {
  readonly machine: Machine
  readonly simulation: Simulation
  /** Of the line that runs. */
  readonly line: { budget: Budget; watchLines: number | undefined; shown: () => string }
}

export const createSession = (options: SessionOptions): Session => {
  const { simulation, files, timing = kubectlTiming } = options
  const choose = simulation.options.choose ?? seededChoose(simulation.options.seed)
  const view = viewOf(simulation, choose)
  const line: Desk['line'] = { budget: newBudget(), watchLines: undefined, shown: () => '' }
  let namespace = ''
  const context: ConsoleContext = {
    namespace: () => namespace,
    setNamespace: (chosen) => {
      namespace = chosen
    },
  }
  const kubectlProgram: Program = function* (call) {
    yield { kind: 'sleep', ms: timing.startMs }
    const resolved = (path: string): string => pathFrom(call.directory, path)
    const editor = editorOf(call)
    const cluster = kubectlClusterOf({
      simulation,
      timing,
      files: {
        readFile: (path) => call.files.read(resolved(path)),
        listFiles: (path) => call.files.list(resolved(path))?.map((name) => name.replace(/\/$/, '')),
      },
      exec: (request) => execInContainer({ simulation, choose, budget: call.budget, streams: call.streams }, request),
      logsOf: containerLogs(simulation),
      ownFiles: {
        read: (path) => call.files.read(resolved(path)),
        list: (path) => call.files.list(resolved(path)),
        write: (path, content) => call.files.write(resolved(path), content),
        makeFolder: (path) => call.files.makeFolder(resolved(path)),
      },
      context,
      ...(editor === undefined ? undefined : { editor }),
      containerFiles: (podNamespace, name, container) => {
        const pod = simulation.reader().get('Pod', podNamespace, name)
        const place = pod === undefined ? undefined : containerMachine({ simulation, view, pod, container })
        return place === undefined ? undefined : copiedFilesOf(place)
      },
    })
    const running = kubectl(call.args, readsInput(call.args) ? call.streams.stdin.rest() : '', cluster, {
      stdout: call.streams.stdout,
      stderr: call.streams.stderr,
    })
    return yield* isWatch(call.args) ? watching(running, simulation, line, call) : running
  }
  const machine = workstation({ simulation, view, files, kubectl: kubectlProgram })
  return openTerminal({ machine, simulation, line })
}

/** Words of the editor are parted at blanks; where it has quotes, a shell reads it. Follows NewDefaultEditor in kubectl/pkg/cmd/util/editor/editor.go. */
const editorOf = ({ environment, files, start, streams }: ProgramCall): FileEditor | undefined => {
  const name = environment['KUBE_EDITOR'] || environment['EDITOR']
  if (name === undefined || name === '') return undefined
  const words = (path: string): readonly string[] =>
    /["'\\]/.test(name) ? ['bash', '-c', `${name} ${JSON.stringify(path)}`] : [...name.split(' '), path]
  return {
    name,
    open: (path) => start(words(path), streams),
    discard: (path) => {
      files.remove(path)
    },
  }
}

const copiedFilesOf = ({ files, directory }: Machine): CopiedFiles => ({
  read: (path) => files.read(pathFrom(directory, path)),
  list: (path) => files.list(pathFrom(directory, path)),
  write: (path, content) => files.write(pathFrom(directory, path), content),
  makeFolder: (path) => files.makeFolder(pathFrom(directory, path)),
})

/** kubectl reads its input only when told to; a loop's `read` gets the rest. */
const readsInput = (args: readonly string[]): boolean => {
  const [verb = ''] = args.filter((word) => !word.startsWith('-'))
  if (['exec', 'run', 'attach'].includes(verb)) {
    const dash = args.indexOf('--')
    return args
      .slice(0, dash < 0 ? args.length : dash)
      .some((word) => /^-t?it?$/.test(word) || word === '--stdin' || word === '--stdin=true')
  }
  return args.some(
    (word, index) =>
      /^(?:-f-|-f=-|--filename=-|--patch-file=-)$/.test(word) ||
      (word === '-' && /^(?:-f|--filename|--patch-file)$/.test(args[index - 1] ?? '')),
  )
}

const isWatch = (args: readonly string[]): boolean => {
  const dash = args.indexOf('--')
  const own = args.slice(0, dash < 0 ? args.length : dash)
  const [verb = ''] = own.filter((word) => !word.startsWith('-'))
  if (verb === 'get' || verb === 'events')
    return own.some((word) => /^(?:-w|--watch|--watch=true|--watch-only|--watch-only=true)$/.test(word))
  if (verb === 'attach' || verb === 'port-forward') return !readsInput(args)
  return verb === 'logs' && own.some((word) => /^(?:-f|--follow|--follow=true)$/.test(word))
}

/** A watch never ends by itself: somebody has seen enough. */
function* watching(
  running: Generator<ConsoleWait, number, void>,
  simulation: Simulation,
  line: Desk['line'],
  call: ProgramCall,
): Generator<ConsoleWait, number, void> {
  const until = simulation.now() + shellLimits.watchMs
  for (let step = running.next(); ; step = running.next()) {
    if (step.done === true) return step.value
    const enough = line.watchLines !== undefined && linesShown(line.shown()) >= line.watchLines
    const now = simulation.now()
    if (!enough && now < until) {
      if (step.value.kind !== 'wait-for-change' || step.value.atMost !== undefined) {
        yield step.value
        continue
      }
      const revision = simulation.state().cluster.revision
      const quietUntil = Math.min(now + shellLimits.watchQuietMs, until)
      yield { kind: 'wait-for-change', atMost: quietUntil }
      if (simulation.state().cluster.revision !== revision) continue
    }
    running.return(interrupted)
    call.budget.interrupt('interrupted')
    return interrupted
  }
}

const interrupted = 130
const linesShown = (text: string): number => text.split('\n').filter((shown) => shown.trim() !== '').length

/** A terminal with a shell of its own at the same desk. */
const openTerminal = (desk: Desk): Session => {
  const { machine, simulation, line } = desk
  const budget = newBudget()
  let pieces: OutputPiece[] = []
  const written = (to?: OutputPiece['to']): string =>
    pieces
      .filter((piece) => to === undefined || piece.to === to)
      .map(({ text }) => text)
      .join('')
  let typed: string | undefined
  let prompt = ''
  let status = 0
  const write =
    (to: OutputPiece['to']) =>
    (text: string): void => {
      if (text === '' || !budget.countOutput(text.length)) return
      pieces.push({ to, text })
    }
  const terminal = {
    take: (): string | undefined => {
      const taken = typed
      typed = undefined
      return taken
    },
    setPrompt: (text: string): void => {
      prompt = text
    },
    setStatus: (value: number): void => {
      status = value
    },
  }
  const begin = (): Generator<ConsoleWait, number, void> =>
    converse(
      newShell({
        machine,
        flavour: machine.flavour,
        budget,
        name: 'bash',
        positional: [],
        environment: machine.environment,
        directory: machine.directory,
      }),
      {
        stdin: noInput,
        stdout: write('stdout'),
        stderr: write('stderr'),
        terminal,
        isShown: true,
      },
    )

  let shell = begin()
  /** How long the line has waited for changes. */
  let waitedMs = 0
  /** Runs until the next line is wanted; true when the outermost shell has ended. */
  const advance = (): boolean => {
    for (let step = shell.next(); ; step = shell.next()) {
      if (step.done === true) {
        status = step.value
        return true
      }
      const wait = step.value
      if (wait.kind === 'read-line') return false
      passTime(wait)
    }
  }
  const passTime = (wait: Exclude<ConsoleWait, { kind: 'read-line' }>): void => {
    if (wait.kind === 'sleep') {
      simulation.runUntil(simulation.now() + wait.ms)
      return
    }
    const began = simulation.now()
    const revision = simulation.state().cluster.revision
    const changed = (): boolean => simulation.state().cluster.revision !== revision
    simulation.runUntil(wait.atMost ?? simulation.now() + shellLimits.patienceMs, changed)
    waitedMs += simulation.now() - began
    // A cluster that goes on changing without the change that is waited for: back-offs and reports never end.
    if (wait.atMost === undefined && (!changed() || waitedMs > shellLimits.patienceMs)) budget.interrupt('waited in vain')
  }
  advance()

  const run: Session['run'] = (text, { watchLines } = {}) => {
    budget.reset()
    waitedMs = 0
    pieces = []
    line.budget = budget
    line.watchLines = watchLines
    line.shown = () => written()
    let left = false
    let leftWith = 0
    for (const single of text.split('\n')) {
      typed = single
      left = advance()
      if (left) {
        leftWith = status
        shell = begin()
        advance()
        break
      }
    }
    const ended = budget.reached()
    return {
      exit: left ? leftWith : ended === undefined || ended === 'interrupted' ? status : interrupted,
      stdout: written('stdout'),
      stderr: written('stderr'),
      shown: written(),
      pieces,
      ...(ended === undefined ? undefined : { ended }),
      left,
    }
  }
  const session: Session = {
    run,
    prompt: () => prompt,
    depth: () => Math.max(0, budget.conversations() - 1),
    runTranscript: (text) => runTranscript({ first: session, open: () => openTerminal(desk), now: simulation.now }, text),
  }
  return session
}
