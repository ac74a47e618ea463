/** kubectl exec. Follows kubectl/pkg/cmd/exec/exec.go. */
import type { Call, Command, Running } from './command.js'
import { fileFlags } from './command.js'
import { CommandFailure, fail, failUsage, failWith, statusProblem } from './errors.js'
import { switchFlag, text } from './flags.js'
import { at, jsonOf, listAt, textAt } from './json-object.js'
import { containerOf, isFinishedPod, podsOf } from './pod-choice.js'

function* run(call: Call): Running {
  const { flags, words, dashAt } = call
  const before = dashAt === undefined ? words : words.slice(0, dashAt)
  const command = dashAt === undefined ? [] : words.slice(dashAt)
  const [word] = before
  if (dashAt === undefined && words.length > 1)
    return failUsage(call.path, 'exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead')
  if (word === undefined) return fail('pod, type/name or --filename must be specified')
  if (command.length === 0) return fail('you must specify at least one command for the container')
  const [pod] = podsOf(call, before.length === 2 ? before.join('/') : word)
  if (pod === undefined) return fail('timed out waiting for the condition')
  if (isFinishedPod(pod))
    return fail(`cannot exec into a container in a completed pod; current phase is ${textAt(jsonOf(pod), 'status', 'phase')}`)
  const container = containerOf(call, pod, flags.text('container'), flags.on('quiet'))
  const status = listAt(jsonOf(pod), 'status', 'containerStatuses').find((candidate) => textAt(candidate, 'name') === container)
  if (textAt(jsonOf(pod), 'spec', 'nodeName') === '') {
    return failWith(statusProblem({ reason: 'BadRequest', code: 400, message: `pod ${pod.metadata.name} does not have a host assigned` }))
  }
  if (status !== undefined && at(status, 'state', 'running') === undefined)
    return fail(`unable to upgrade connection: container not found (${JSON.stringify(container)})`)
  const result = yield* call.cluster.exec({
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    container,
    command,
    stdin: flags.on('stdin') ? call.stdin : '',
    tty: flags.on('tty'),
  })
  call.output.stdout(result.stdout)
  call.output.stderr(result.stderr)
  if (result.exit === 0) return 0
  throw new CommandFailure([{ kind: 'exit', code: result.exit, text: `command terminated with exit code ${result.exit}` }])
}

/** With which kubectl speaks with a container: exec and attach. */
export const talkFlags: Command['flags'] = [
  ...fileFlags.filter(({ name }) => name === 'filename'),
  text('container', 'c'),
  switchFlag('stdin', 'i'),
  switchFlag('tty', 't'),
  switchFlag('quiet', 'q'),
  text('pod-running-timeout', undefined, '1m0s'),
]

export const execCommand: Command = {
  name: 'exec',
  flags: talkFlags,
  run,
}
