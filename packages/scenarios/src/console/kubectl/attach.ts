/** kubectl attach: the output of a container from now on, and a conversation with its first process. Follows kubectl/pkg/cmd/attach/attach.go. */
import type { KubernetesObject } from '@statefold/core'
import type { Call, Command, Running } from './command.js'
import { CommandFailure, fail } from './errors.js'
import { talkFlags } from './exec.js'
import { at, jsonOf, listAt, textAt } from './json-object.js'
import { containerOf, isFinishedPod, podsOf } from './pod-choice.js'
import { podRunningDeadline, waitUntil } from './waiting.js'

/** Said before the first byte, whoever attaches. */
export const attachedText =
  'All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed ' +
  "through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n"

const isRunning = (call: Call, pod: KubernetesObject, container: string): boolean => {
  const { namespace = '', name, uid } = pod.metadata
  const current = call.cluster.reader().getAny('Pod', namespace, name)
  if (current === undefined || current.metadata.uid !== uid) return false
  const statuses = ['containerStatuses', 'initContainerStatuses'].flatMap((field) => listAt(jsonOf(current), 'status', field))
  return statuses.some((status) => textAt(status, 'name') === container && at(status, 'state', 'running') !== undefined)
}

const linesOf = (call: Call, pod: KubernetesObject, container: string): readonly { readonly text: string }[] => {
  const answer = call.cluster.logsOf(pod.metadata.namespace ?? '', pod.metadata.name, container, false)
  return typeof answer === 'string' ? [] : answer
}

/** What the container writes until it ends. */
function* watchOutput(call: Call, pod: KubernetesObject, container: string): Running {
  let seen = linesOf(call, pod, container).length
  while (isRunning(call, pod, container)) {
    yield { kind: 'wait-for-change', atMost: undefined }
    const lines = linesOf(call, pod, container)
    for (const line of lines.slice(seen)) call.output.stdout(`${line.text}\n`)
    seen = lines.length
  }
  return 0
}

const chosenContainer = (call: Call, pod: KubernetesObject): string => {
  try {
    return containerOf(call, pod, call.flags.text('container'), call.flags.on('quiet'))
  } catch (failure) {
    if (!(failure instanceof CommandFailure)) throw failure
    return fail(`cannot attach to the container: ${failure.message}`)
  }
}

function* run(call: Call): Running {
  const { cluster, flags, output, words } = call
  const [first, second] = words
  if (first === undefined) return fail('at least 1 argument is required for attach')
  if (words.length > 2)
    return fail(`expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${words.length}: [${words.join(' ')}]`)
  const [pod] = podsOf(call, second === undefined ? first : `${first}/${second}`)
  if (pod === undefined) return fail('timed out waiting for the condition')
  if (isFinishedPod(pod))
    return fail(`cannot attach a container in a completed pod; current phase is ${textAt(jsonOf(pod), 'status', 'phase')}`)
  const container = chosenContainer(call, pod)
  const written = listAt(jsonOf(pod), 'spec', 'containers').find((candidate) => textAt(candidate, 'name') === container)
  const started = yield* waitUntil(call, podRunningDeadline(call), () => isRunning(call, pod, container))
  if (!started)
    return fail(
      `unable to upgrade connection: container ${container} not found in pod ${pod.metadata.name}_${pod.metadata.namespace ?? ''}`,
    )
  const hasTerminal = at(written, 'tty') === true
  if (flags.on('tty') && !hasTerminal) output.stderr(`error: Unable to use a TTY - container ${container} did not allocate one\n`)
  if (!flags.on('quiet')) output.stderr(attachedText)
  if (!flags.on('stdin') || at(written, 'stdin') !== true) return yield* watchOutput(call, pod, container)
  const result = yield* cluster.exec({
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    container,
    command: [],
    stdin: call.stdin,
    tty: hasTerminal,
    attached: true,
  })
  output.stdout(result.stdout)
  output.stderr(result.stderr)
  return 0
}

export const attachCommand: Command = {
  name: 'attach',
  flags: talkFlags,
  run,
}
