/**
 * Runs what containers are told to run, as far as the console's programs understand it: files appear in volumes, `kubectl logs` has what was
 * said, and an init container that waits for a name waits. Like a person at a console it is an outside actor: what it brings about is
 * submitted, so the log has it and a rerun needs no programs.
 */
// Differs from Kubernetes: a main container's commands are run up to its fourth wait; what is not understood is taken to succeed.
import {
  actOnWorld,
  containerOf,
  entriesOf,
  hasAt,
  podBehaviour,
  processesOf,
  programOf,
  seededChoose,
  type Container,
  type Pod,
  type Simulation,
  type SimTime,
} from '@statefold/core'
import { logOf, outputPath } from './console/applets/container-logs.js'
import { containerMachine, viewOf, type LivingMachine } from './console/applets/container-machine.js'
import type { ConsoleWait } from './console/kubectl/kubectl-cluster.js'
import { isShellTwin, startProgram, startShell } from './console/shell/run-script.js'
import { newBudget, noInput, type Streams } from './console/shell/streams.js'
import { instant, type Machine, type Program } from './console/shell/machine.js'

/** After so many waits a loop is not followed any further, or, in an init container, only asked again when something else happens. */
const waitsFollowed = 4
/** After so many writes the output of a loop that waits is kept back until it ends. */
const writesAtMost = 24

interface Started {
  readonly podUid: string
  readonly container: string
}

interface Running extends Started {
  readonly attempt: number
  readonly machine: LivingMachine
  readonly isInit: boolean
  readonly steps: Generator<ConsoleWait, number | undefined, void>
  /** Everything that it called is known here. */
  readonly isUnderstood: () => boolean
  readonly said: () => string
  dueAt: SimTime
  waits: number
  writes: number
  written: string
  isHeld: boolean
}

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'ash', 'dash'])
const baseName = (program: string): string => program.slice(program.lastIndexOf('/') + 1)
/** Programs whose failure may only mean that there is no world outside of the cluster. */
const reachingOut: ReadonlySet<string> = new Set([
  'wget',
  'curl',
  'nslookup',
  'dig',
  'host',
  'getent',
  'ping',
  'nc',
  'ncat',
  'netcat',
  'telnet',
])

const listeners: ReadonlySet<string> = new Set(['nc', 'ncat', 'netcat'])

/** `$(NAME)` in a command line. Follows Expand in third_party/forked/golang/expansion. */
const expanded = (word: string, environment: Readonly<Record<string, string>>): string =>
  word.replace(/\$(?:\$|\(([A-Za-z_][-\w.]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (environment[name] ?? whole),
  )

const places = (pod: Pod): readonly { readonly container: Container; readonly isInit: boolean }[] => [
  ...(pod.spec.initContainers ?? []).map((container) => ({ container, isInit: container.restartPolicy !== 'Always' })),
  ...pod.spec.containers.map((container) => ({ container, isInit: false })),
]

/** A shell, or a program that the image has. */
const isKnown = (machine: Machine, name: string): boolean =>
  shells.has(name) || machine.program(name) !== undefined || isShellTwin(machine, name)

/** Unknown programs do nothing and succeed; it is noted that one was called. */
const forgiving = (machine: Machine, note: () => void): Machine => ({
  ...machine,
  program: (name) => {
    const known = machine.program(name)
    if (known === undefined && isShellTwin(machine, name)) return undefined
    if (known === undefined) {
      note()
      return instant(() => 0)
    }
    if (!reachingOut.has(name)) return known
    const watched: Program = function* (call) {
      if (call.args.some((word) => /^(?:-[a-zA-Z]*l|--listen)/.test(word)) && listeners.has(name)) {
        note()
        // It serves from now on.
        yield { kind: 'read-line' }
        return 0
      }
      const exit = yield* known(call)
      if (exit !== 0) note()
      return exit
    }
    return watched
  },
})

export const withPrograms = (inner: Simulation): Simulation => {
  const choose = inner.options.choose ?? seededChoose(inner.options.seed)
  const view = viewOf(inner, choose)
  let started: Started[] = []
  let running: readonly Running[] = []
  /** Pods whose objects are gone: nobody can read what their containers said. */
  let gone: readonly Pod[] = []
  inner.changes$.subscribe((change) => {
    // The kind says what it is.
    if (change.type === 'DELETED' && change.object.kind === 'Pod') gone = [...gone, change.object as Pod]
  })
  inner.events$.subscribe(({ event }) => {
    if (event.kind === 'ContainerStarted') started.push({ podUid: event.podUid, container: event.container })
  })

  const podOf = (podUid: string): Pod | undefined => {
    const processes = processesOf(view.world(), podUid)
    const pod = processes === undefined ? undefined : view.reader().get('Pod', processes.namespace, processes.name)
    return pod?.metadata.uid === podUid ? pod : undefined
  }
  const submit = (event: Parameters<typeof actOnWorld>[0]): void => {
    inner.submit(actOnWorld(event), 'program')
  }
  const asProgram: Simulation = { ...inner, submit: (command) => inner.submit(command, 'program') }

  /** A command line of its own in the container; nothing waits for its end. */
  const stepsOf = (machine: Machine, words: readonly string[], streams: Streams): Running['steps'] => {
    const budget = newBudget()
    const [program = ''] = words
    return shells.has(baseName(program))
      ? startShell({ machine, words, streams, environment: machine.environment, directory: machine.directory, budget })
      : startProgram(machine, words, streams, budget)
  }

  const begin = ({ podUid, container: name }: Started): void => {
    const pod = podOf(podUid)
    const place = pod === undefined ? undefined : places(pod).find(({ container }) => container.name === name)
    const process = containerOf(processesOf(view.world(), podUid), name)
    if (pod === undefined || place === undefined || process?.state !== 'running') return
    const { container, isInit } = place
    forgetLog(podUid, name, process.attempt - 2)
    const hook = container.lifecycle?.postStart?.exec?.command
    const words = [...(container.command ?? []), ...(container.args ?? [])]
    if (words.length === 0 && hook === undefined) return
    const machine = containerMachine({ simulation: asProgram, view, pod, container: name })
    if (machine === undefined) return
    // Arguments alone are a command line when they begin with a program: an image's own entry point hands them on.
    const runs = container.command !== undefined || (words.length > 0 && isKnown(machine, baseName(words[0] ?? '')))
    // A program with an open input waits for somebody who types.
    if ((!runs || container.stdin === true) && hook === undefined) return
    let isUnderstood = true
    const note = (): void => {
      isUnderstood = false
    }
    const said: string[] = []
    const sink = (text: string): void => {
      said.push(text)
      // What this shell cannot do, another one can.
      if (/: (?:syntax error|[^:\n]* (?:is|are) not simulated)/.test(text)) note()
    }
    const streams: Streams = { stdin: noInput, stdout: sink, stderr: sink, terminal: undefined, isShown: false }
    if (hook !== undefined) {
      const quiet: Streams = { ...streams, stdout: () => undefined, stderr: () => undefined }
      stepsOf(
        forgiving(machine, () => undefined),
        hook,
        quiet,
      ).next()
    }
    if (!runs || container.stdin === true) return
    const [program = ''] = words
    if (!isKnown(machine, baseName(program))) return
    const one: Running = {
      podUid,
      container: name,
      attempt: process.attempt,
      machine,
      isInit,
      steps: stepsOf(
        forgiving(machine, note),
        words.map((word) => expanded(word, machine.environment)),
        streams,
      ),
      isUnderstood: () => isUnderstood,
      said: () => said.join(''),
      dueAt: inner.now(),
      waits: 0,
      writes: 0,
      written: '',
      isHeld:
        podBehaviour(view.world(), 'ExitHeld', { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }, name) !== undefined,
    }
    advance(one)
  }

  const record = (one: Running, isLast: boolean): void => {
    const said = one.said()
    if (said === one.written || (!isLast && one.writes >= writesAtMost) || !one.machine.isAlive()) return
    one.writes += 1
    one.written = said
    submit({ kind: 'FileWritten', asset: logOf(one.podUid, one.container, one.attempt), path: outputPath, content: said })
  }

  const heldName = (pod: Pod): string => `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`

  const finish = (one: Running, exit: number): void => {
    record(one, true)
    const pod = podOf(one.podUid)
    const place = pod === undefined ? undefined : places(pod).find(({ container }) => container.name === one.container)
    if (pod === undefined || place === undefined || !one.machine.isAlive()) return
    const expected = programOf(view.world(), pod, place.container, one.isInit)
    // A server that is not known here looks like a program that has come to its end.
    const ends = one.isInit || expected.exitsAfterMs !== undefined
    const exitCode = !ends ? undefined : one.isUnderstood() ? exit : one.isInit ? 0 : undefined
    const isExpected = !one.isHeld && (exitCode === undefined || (expected.exitsAfterMs !== undefined && expected.exitCode === exitCode))
    if (!isExpected && exitCode !== undefined)
      submit({
        kind: 'ContainerExited',
        podUid: one.podUid,
        container: one.container,
        exitCode,
        reason: exitCode === 0 ? 'Completed' : 'Error',
        unexpected: true,
      })
    if (one.isHeld) submit({ kind: 'BehaviourCleared', behaviour: 'ExitHeld', target: heldName(pod) })
  }

  /** Up to its next wait; what has come to its end, or is not followed any more, is forgotten. */
  const advance = (one: Running): void => {
    running = running.filter((other) => other !== one)
    if (!one.machine.isAlive()) return
    const step = one.steps.next()
    if (step.done === true) {
      if (step.value !== undefined) finish(one, step.value)
      return
    }
    one.waits += 1
    record(one, false)
    const wait = step.value
    if (wait.kind === 'read-line' || (!one.isInit && one.waits > waitsFollowed)) return
    one.dueAt =
      wait.kind === 'sleep' ? inner.now() + Math.max(1, wait.ms) : Math.min(wait.atMost ?? inner.now() + 1_000, inner.now() + 1_000)
    running = [...running, one]
    if (one.isInit && !one.isHeld) hold(one)
  }

  /** The kubelet would take an init container for ended before its program is. */
  const hold = (one: Running): void => {
    const pod = podOf(one.podUid)
    const place = pod === undefined ? undefined : places(pod).find(({ container }) => container.name === one.container)
    const startedAt = containerOf(processesOf(view.world(), one.podUid), one.container)?.startedAt
    if (pod === undefined || place === undefined || startedAt === undefined) return
    const { exitsAfterMs } = programOf(view.world(), pod, place.container, true)
    if (exitsAfterMs === undefined || startedAt + exitsAfterMs > one.dueAt) return
    one.isHeld = true
    submit({ kind: 'BehaviourSet', behaviour: { kind: 'ExitHeld', pods: heldName(pod), container: one.container } })
  }

  const forgetLog = (podUid: string, container: string, attempt: number): void => {
    const asset = logOf(podUid, container, attempt)
    if (attempt >= 0 && hasAt(view.world().assets, asset)) submit({ kind: 'AssetDeleted', asset })
  }

  const drain = (): void => {
    while (gone.length > 0) {
      const [pod, ...rest] = gone
      gone = rest
      if (pod === undefined) continue
      const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
      for (const { name, restartCount } of statuses)
        for (const attempt of [restartCount - 1, restartCount, restartCount + 1]) forgetLog(pod.metadata.uid, name, attempt)
    }
    while (started.length > 0) {
      const [next, ...rest] = started
      started = rest
      if (next !== undefined) begin(next)
    }
  }
  const isPatient = (one: Running): boolean => one.waits <= waitsFollowed
  const nextOf = (all: readonly Running[]): SimTime | undefined =>
    all.reduce<SimTime | undefined>((soonest, { dueAt }) => (soonest === undefined || dueAt < soonest ? dueAt : soonest), undefined)
  const resumeDue = (): void => {
    for (const one of running) if (one.dueAt <= inner.now()) advance(one)
    drain()
  }
  /** Programs that are waited for in a run that was forked or restored begin anew. */
  const beginHeld = (): void => {
    running = []
    started = []
    for (const { behaviour, exempt } of view.world().behaviours) {
      if (behaviour.kind !== 'ExitHeld' || exempt) continue
      for (const [podUid, { namespace, name }] of entriesOf(view.world().pods))
        if (`${namespace}/${name}` === behaviour.pods && behaviour.container !== undefined)
          started.push({ podUid, container: behaviour.container })
    }
  }

  const simulation: Simulation = {
    ...inner,
    submit: (command, actor) => {
      const result = inner.submit(command, actor)
      drain()
      return result
    },
    nextDueAt: () => {
      const own = nextOf(running.filter(isPatient))
      const others = inner.nextDueAt()
      return own === undefined || (others !== undefined && others <= own) ? others : own
    },
    step: (until) => {
      drain()
      const others = inner.nextDueAt()
      const own = nextOf(others === undefined && until === undefined ? running.filter(isPatient) : running)
      if (own !== undefined && own <= (until ?? own) && (others === undefined || own < others)) {
        inner.advanceTo(Math.max(own, inner.now()))
        resumeDue()
        return true
      }
      const done = inner.step(until)
      drain()
      return done
    },
    take: (item, interference) => {
      inner.take(item, interference)
      drain()
    },
    runUntil: (time, stop) => {
      drain()
      for (;;) {
        const own = nextOf(running)
        const target = own === undefined ? time : Math.max(inner.now(), Math.min(own, time))
        let stopped = false
        inner.runUntil(target, () => {
          stopped = stop?.() === true
          return stopped || started.length > 0
        })
        drain()
        if (stopped) return
        if (own !== undefined && own <= inner.now() && own <= time) {
          resumeDue()
          if (stop?.() === true) return
          continue
        }
        if (inner.now() >= time && started.length === 0) return
      }
    },
    advanceTo: (time) => {
      if ((nextOf(running) ?? time + 1) > time) inner.advanceTo(time)
      else simulation.runUntil(time)
    },
    restore: (run) => {
      inner.restore(run)
      beginHeld()
    },
    fork: (changes) => withPrograms(inner.fork(changes)),
  }
  beginHeld()
  return simulation
}
