/** What `kubectl exec` reaches: the container's process on its machine, through the kubelet there. */
import { actOnWorld, getAt, imageBehaviourOf, processesOf, containerOf, type Choose, type Simulation } from '@statefold/core'
import { CommandFailure, fail } from '../kubectl/errors.js'
import type { ConsoleWait, ExecRequest, ExecResult } from '../kubectl/kubectl-cluster.js'
import { inputOf, type Budget, type Streams } from '../shell/streams.js'
import { startProgram, startShell } from '../shell/run-script.js'
import { containerMachine, viewOf } from './container-machine.js'

export interface ExecParts {
  readonly simulation: Simulation
  readonly choose: Choose
  readonly budget: Budget
  /** Of the kubectl command that asks. */
  readonly streams: Streams
}

const dialPatienceMs = 30_000
const isShell = (word: string): boolean => /^(?:\/(?:usr\/)?bin\/)?(?:ba|a|da)?sh$/.test(word)

/** The output goes straight to the streams of the asking command; the answer carries only the exit code. */
export function* execInContainer(
  { simulation, choose, budget, streams }: ExecParts,
  request: ExecRequest,
): Generator<ConsoleWait, ExecResult, void> {
  const view = viewOf(simulation, choose)
  const pod = view.reader().get('Pod', request.namespace, request.pod)
  if (pod === undefined) return fail(`pods "${request.pod}" not found`)
  const node = pod.spec.nodeName
  if (node === undefined || node === '') return fail(`pod ${request.pod} does not have a host assigned`)
  const machine = getAt(view.world().machines, node)
  if (machine !== undefined && (machine.power === 'off' || machine.network === 'partitioned' || machine.kubelet === 'hung')) {
    yield { kind: 'sleep', ms: dialPatienceMs }
    const why = machine.power === 'off' ? 'connect: no route to host' : 'i/o timeout'
    throw new CommandFailure([
      { kind: 'exit', code: 1, text: `Error from server: error dialing backend: dial tcp ${machine.address}:10250: ${why}` },
    ])
  }
  const place = containerMachine({ simulation, view, pod, container: request.container })
  if (place === undefined) {
    const known = processesOf(view.world(), pod.metadata.uid) !== undefined
    return fail(
      known
        ? `Internal error occurred: unable to upgrade connection: container not found ("${request.container}")`
        : `unable to upgrade connection: pod does not exist`,
    )
  }
  const isServer = (image: string): boolean => imageBehaviourOf(view.world(), image)?.exits === undefined
  const written = pod.spec.containers.find(({ name }) => name === request.container)
  const interactive = request.tty && streams.terminal !== undefined
  const inner: Streams = {
    stdin: inputOf(request.stdin),
    stdout: streams.stdout,
    stderr: request.tty ? streams.stdout : streams.stderr,
    terminal: interactive ? streams.terminal : undefined,
    isShown: request.tty && streams.isShown,
  }
  // Attached: the process is the one of the Pod, a shell when the image has nothing else to run.
  const words = request.command.length > 0 ? request.command : [...(written?.command ?? []), ...(written?.args ?? [])]
  const command = words.length > 0 ? words : ['sh']
  if (
    request.attached === true &&
    words.length === 0 &&
    isServer(containerOf(processesOf(view.world(), pod.metadata.uid), request.container)?.image ?? '')
  ) {
    // A server says nothing and reads nothing: one waits until it ends.
    while (place.isAlive()) yield { kind: 'wait-for-change', atMost: undefined }
    return { exit: 0, stdout: '', stderr: '' }
  }
  const ends = (exit: number): void => {
    if (request.attached === true && place.isAlive())
      simulation.submit(
        actOnWorld({
          kind: 'ContainerExited',
          podUid: pod.metadata.uid,
          container: request.container,
          exitCode: exit,
          reason: exit === 0 ? 'Completed' : 'Error',
          unexpected: true,
        }),
      )
  }
  const [program = 'sh'] = command
  const running =
    isShell(program) && place.program(program.replace(/^.*\//, '')) !== undefined
      ? startShell({ machine: place, words: command, streams: inner, environment: place.environment, directory: place.directory, budget })
      : startProgram(place, command, inner, budget)
  for (let step = running.next(); ; step = running.next()) {
    if (step.done !== true) {
      yield step.value
      if (place.isAlive()) continue
      // What runs beside process 1 is killed with it.
      running.return(137)
      return { exit: 137, stdout: '', stderr: '' }
    }
    if (step.value !== undefined) {
      ends(step.value)
      return { exit: step.value, stdout: '', stderr: '' }
    }
    const exists = place.files.list(program) !== undefined
    const why = program.includes('/')
      ? exists
        ? 'is a directory'
        : `stat ${program}: no such file or directory`
      : 'executable file not found in $PATH'
    return {
      exit: exists ? 126 : 127,
      stdout: '',
      stderr: `OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": ${why}: unknown\n`,
    }
  }
}
