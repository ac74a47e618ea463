/** kubectl run. Follows kubectl/pkg/cmd/run/run.go and kubectl/pkg/generate/versioned/run.go. */
import * as E from 'fp-ts/lib/Either.js'
import { applyPatch, type Json, type JsonObject, type KubernetesObject } from '@statefold/core'
import { attachedText } from './attach.js'
import { dryRunOf } from './changing.js'
import { ask, dryRunFlag, fieldManagerFlag, outputFlags, timeoutFlag, type Call, type Command, type Running } from './command.js'
import { asUnstored } from './create.js'
import { CommandFailure, fail, failUsage, failWith, statusProblem } from './errors.js'
import { list, numberFlag, switchFlag, text, withBare } from './flags.js'
import { jsonOf, listAt, numberAt, textAt } from './json-object.js'
import { withLastApplied } from './last-applied.js'
import { changePrinterOf } from './printers/object-printer.js'
import { podRunningDeadline, waitUntil } from './waiting.js'
import { readJsonStream } from './json-stream.js'

const policies: readonly string[] = ['Always', 'OnFailure', 'Never']

const environment = (call: Call): readonly Json[] =>
  call.flags.list('env').map((pair) => {
    const equals = pair.indexOf('=')
    return equals <= 0 ? fail(`invalid env: ${pair}`) : { name: pair.slice(0, equals), value: pair.slice(equals + 1) }
  })

const labelsOf = (call: Call, name: string): JsonObject => {
  const given = call.flags.text('labels')
  if (given === '') return { run: name }
  return Object.fromEntries(
    given.split(',').map((pair) => {
      const [key = '', value = ''] = pair.split('=')
      return [key, value]
    }),
  )
}

/** --overrides is a patch of the Pod, of the kind that --override-type names. Follows NewOverrider in kubectl/pkg/cmd/util/override_options.go. */
const overridden = (pod: JsonObject, sort: string, patch: Json): JsonObject => {
  if (sort !== 'json' && sort !== 'merge' && sort !== 'strategic') return fail(`invalid override type: ${sort}`)
  const patched = applyPatch('Pod', sort, pod, patch)
  return E.isLeft(patched) ? fail(patched.left.message) : patched.right
}

const podOf = (call: Call, name: string, restart: string): JsonObject => {
  const { flags } = call
  const words = call.words.slice(1)
  const env = environment(call)
  const annotations = Object.fromEntries(
    flags.list('annotations').map((pair) => {
      const equals = pair.indexOf('=')
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    }),
  )
  const pullPolicy = flags.text('image-pull-policy')
  const container: JsonObject = {
    ...(words.length === 0 ? {} : flags.on('command') ? { command: words } : { args: words }),
    ...(env.length === 0 ? {} : { env }),
    image: flags.text('image'),
    ...(pullPolicy === '' ? {} : { imagePullPolicy: pullPolicy }),
    name,
    ...(flags.text('port') === '' ? {} : { ports: [{ containerPort: Number(flags.text('port')) }] }),
    resources: {},
    ...(flags.on('privileged') ? { securityContext: { privileged: true } } : {}),
    ...(flags.on('stdin') ? { stdin: true, ...(flags.on('leave-stdin-open') ? {} : { stdinOnce: true }) } : {}),
    ...(flags.on('tty') ? { tty: true } : {}),
  }
  const pod: JsonObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      labels: labelsOf(call, name),
      name,
      ...(call.namespaceGiven ? { namespace: call.namespace } : {}),
    },
    spec: { containers: [container], dnsPolicy: 'ClusterFirst', restartPolicy: restart },
    status: {},
  }
  const overrides = flags.text('overrides')
  if (overrides === '') return pod
  const { values, problem } = readJsonStream(overrides)
  if (problem !== undefined) return fail(`Invalid JSON Patch: ${problem.message}`)
  return overridden(pod, flags.text('override-type'), values[0] ?? {})
}

const restartPolicyOf = (call: Call): string => {
  const restart = call.flags.text('restart')
  if (restart === '') return 'Always'
  return policies.includes(restart) ? restart : failUsage(call.path, `invalid restart policy: ${restart}`)
}

const removed = (call: Call, pod: KubernetesObject): void => {
  const answer = ask(call, {
    kind: 'DeleteObject',
    target: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
    options: { propagationPolicy: 'Background' },
  })
  if (E.isRight(answer))
    call.output.stdout(`pod ${JSON.stringify(pod.metadata.name)} deleted from ${pod.metadata.namespace ?? ''} namespace\n`)
}

/**
 * Waits for the Pod to run and speaks with its first process: the console runs the Pod's command there.
 * Differs from Kubernetes: the process is run for this session, so that its answer is what attach would show.
 */
function* attach(call: Call, pod: KubernetesObject, restart: string): Running {
  const { flags, cluster, output } = call
  const { namespace = '', name } = pod.metadata
  const deadline = podRunningDeadline(call)
  const current = (): JsonObject | undefined => {
    const found = cluster.reader().getAny('Pod', namespace, name)
    return found === undefined ? undefined : jsonOf(found)
  }
  const phase = (): string => textAt(current(), 'status', 'phase')
  const started = yield* waitUntil(call, deadline, () => current() === undefined || ['Running', 'Succeeded', 'Failed'].includes(phase()))
  if (!started || current() === undefined) return fail('timed out waiting for the condition')
  if (!flags.on('quiet')) output.stderr(attachedText)
  const container = textAt(listAt(jsonOf(pod), 'spec', 'containers')[0], 'name')
  if (phase() === 'Running') {
    const result = yield* cluster.exec({
      namespace,
      pod: name,
      container,
      command: call.words.slice(1),
      stdin: flags.on('stdin') ? call.stdin : '',
      tty: flags.on('tty'),
      attached: true,
    })
    output.stdout(result.stdout)
    output.stderr(result.stderr)
    if (result.exit !== 0 && restart !== 'Always')
      throw new CommandFailure([{ kind: 'exit', code: result.exit, text: `pod ${namespace}/${name} terminated (Error)` }])
    return 0
  }
  const lines = cluster.logsOf(namespace, name, container, false)
  if (typeof lines !== 'string') for (const line of lines) output.stdout(`${line.text}\n`)
  if (phase() === 'Failed') {
    const terminated = listAt(current(), 'status', 'containerStatuses')[0]
    const code = numberAt(terminated, 'state', 'terminated', 'exitCode')
    if (code !== 0)
      throw new CommandFailure([
        {
          kind: 'exit',
          code,
          text: `pod ${namespace}/${name} terminated (${textAt(terminated, 'state', 'terminated', 'reason')})\n${textAt(terminated, 'state', 'terminated', 'message')}`,
        },
      ])
  }
  return 0
}

function* run(call: Call): Running {
  const { flags, words } = call
  const [name] = words
  const interactive = flags.on('stdin')
  const attached = flags.given('attach') ? flags.on('attach') : interactive
  const dryRun = dryRunOf(call)
  if (!flags.given('image')) return fail('required flag(s) "image" not set')
  if (name === undefined) return failUsage(call.path, 'NAME is required for run')
  if (flags.text('image') === '') return fail('--image is required')
  if (!/^[\w.-]+(?::\d+)?(?:\/[\w.-]+)*(?::[\w][\w.-]{0,127})?(?:@[\w+.-]+:[0-9a-fA-F]{32,})?$/.test(flags.text('image')))
    return fail(`Invalid image name ${JSON.stringify(flags.text('image'))}: invalid reference format`)
  if (flags.on('tty') && !interactive) return failUsage(call.path, '-i/--stdin is required for containers with -t/--tty=true')
  if (flags.on('expose') && flags.text('port') === '') return failUsage(call.path, '--port must be set when exposing a service')
  const restart = restartPolicyOf(call)
  if (flags.on('rm') && !attached) return failUsage(call.path, '--rm should only be used for attached containers')
  if (attached && dryRun !== 'none')
    return failUsage(call.path, "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)")
  const bare = podOf(call, name, restart)
  const object = flags.on('save-config') ? withLastApplied(bare) : bare
  const print = changePrinterOf(call, 'created', dryRun)
  if (dryRun === 'client') {
    print(object)
    return 0
  }
  const placed = { ...object, metadata: { ...(object['metadata'] as JsonObject), namespace: call.namespace } }
  const answer = ask(call, { kind: 'CreateObject', object: asUnstored(placed), ...(dryRun === 'server' ? { dryRun: true } : {}) })
  if (E.isLeft(answer)) return failWith(statusProblem(answer.left))
  const pod = answer.right
  if (flags.on('expose')) {
    const port = Number(flags.text('port'))
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: call.namespace },
      spec: { ports: [{ port, protocol: 'TCP', targetPort: port }], selector: labelsOf(call, name) },
    }
    const exposed = ask(call, { kind: 'CreateObject', object: asUnstored(service) })
    if (E.isLeft(exposed)) return failWith(statusProblem(exposed.left))
    call.output.stdout(`service/${name} created\n`)
  }
  if (!attached) {
    print(jsonOf(pod))
    return 0
  }
  try {
    return yield* attach(call, pod, restart)
  } finally {
    if (flags.on('rm')) removed(call, pod)
  }
}

export const runCommand: Command = {
  name: 'run',
  flags: [
    ...outputFlags,
    dryRunFlag,
    fieldManagerFlag,
    timeoutFlag,
    text('image'),
    text('image-pull-policy'),
    text('labels', 'l'),
    list('env'),
    list('annotations'),
    text('port'),
    text('restart'),
    text('overrides'),
    text('override-type', undefined, 'merge'),
    switchFlag('command'),
    switchFlag('expose'),
    switchFlag('attach'),
    switchFlag('rm'),
    switchFlag('stdin', 'i'),
    switchFlag('tty', 't'),
    switchFlag('quiet', 'q'),
    switchFlag('privileged'),
    switchFlag('leave-stdin-open'),
    switchFlag('save-config'),
    switchFlag('wait'),
    switchFlag('force'),
    numberFlag('grace-period', '-1'),
    withBare(text('cascade', undefined, 'background'), 'background'),
    text('pod-running-timeout', undefined, '1m0s'),
  ],
  run,
}
