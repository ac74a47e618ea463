/** kubectl port-forward. Follows kubectl/pkg/cmd/portforward/portforward.go and client-go/tools/portforward/portforward.go. */
// Differs from Kubernetes: nothing comes through the port, because a console runs one command at a time.
import type { Json, JsonObject, KubernetesObject } from '@statefold/core'
import type { Call, Command, Running } from './command.js'
import { fail, failUsage } from './errors.js'
import { commaList, text } from './flags.js'
import { at, jsonOf, listAt, numberAt, textAt } from './json-object.js'
import { podsOf } from './pod-choice.js'
import { readObject } from './reading.js'
import { resourceTypeOrFail } from './resource-arguments.js'
import { podRunningDeadline, waitUntil } from './waiting.js'

interface Forwarded {
  readonly local: number
  readonly remote: number
}

interface Pair {
  /** '' : any free port. */
  readonly local: string
  readonly remote: string
}

/** `8080:80`, `:80`, `80`. Follows splitPort. */
const splitPair = (word: string): Pair => {
  const parts = word.split(':')
  const [first = '', second] = parts
  return second === undefined ? { local: first, remote: first } : { local: first, remote: second }
}

const isNumber = (word: string): boolean => /^\d+$/.test(word)

const numberFrom = (which: 'local' | 'remote', word: string): number => {
  const wrong = !isNumber(word) ? 'invalid syntax' : Number(word) > 65_535 ? 'value out of range' : undefined
  return wrong === undefined
    ? Number(word)
    : fail(`error parsing ${which} port '${word}': strconv.ParseUint: parsing ${JSON.stringify(word)}: ${wrong}`)
}

const containerPorts = (pod: JsonObject): readonly Json[] =>
  (['containers', 'initContainers'] as const).flatMap((field) =>
    listAt(pod, 'spec', field).flatMap((container) => listAt(container, 'ports')),
  )

/** Follows convertPodNamedPortToNumber. */
const podPort = (pod: KubernetesObject, word: string): string => {
  if (isNumber(word)) return word
  const found = containerPorts(jsonOf(pod)).find((port) => textAt(port, 'name') === word)
  return found === undefined
    ? fail(`Pod '${pod.metadata.name}' does not have a named port '${word}'`)
    : String(numberAt(found, 'containerPort'))
}

/** Follows translateServicePortToTargetPort: a headless Service has no ports of its own. */
const servicePort = (service: KubernetesObject, pod: KubernetesObject, word: string): string => {
  const json = jsonOf(service)
  const { name } = service.metadata
  const ports = listAt(json, 'spec', 'ports')
  const found = ports.find((port) => (isNumber(word) ? numberAt(port, 'port') === Number(word) : textAt(port, 'name') === word))
  if (found === undefined)
    return fail(
      isNumber(word) ? `Service ${name} does not have a service port ${word}` : `Service '${name}' does not have a named port '${word}'`,
    )
  if (textAt(json, 'spec', 'clusterIP') === 'None') return String(numberAt(found, 'port'))
  const target = at(found, 'targetPort')
  return typeof target === 'string'
    ? podPort(pod, target)
    : String(typeof target === 'number' && target > 0 ? target : numberAt(found, 'port'))
}

/** The system's choice of a free port: the same at the same moment. */
const freePort = (call: Call, index: number): number => 32_768 + ((call.cluster.now() * 31 + index * 7) % 28_000)

const forwardedPort = (call: Call, remote: string, pair: Pair, index: number): Forwarded => {
  const local =
    pair.local === '' || pair.local === '0'
      ? freePort(call, index)
      : pair.local === pair.remote && !isNumber(pair.local)
        ? Number(remote)
        : numberFrom('local', pair.local)
  const target = numberFrom('remote', remote)
  return target === 0 ? fail('remote port must be > 0') : { local, remote: target }
}

function* run(call: Call): Running {
  const { cluster, flags, output, words } = call
  const [word, ...pairs] = words
  if (word === undefined || pairs.length === 0) return failUsage(call.path, 'TYPE/NAME and list of ports are required for port-forward')
  const [pod] = podsOf(call, word)
  if (pod === undefined) return fail('timed out waiting for the condition')
  const [resource = '', name = ''] = word.includes('/') ? word.split('/') : ['pods', word]
  const type = resourceTypeOrFail(resource)
  const service = type.kind === 'Service' ? readObject(call, type, call.namespace, name) : undefined
  const ports = pairs.map((text, index) => {
    const pair = splitPair(text)
    const remote = service === undefined ? podPort(pod, pair.remote) : servicePort(service, pod, pair.remote)
    return forwardedPort(call, remote, pair, index)
  })
  const phase = (): string =>
    textAt(jsonOf(cluster.reader().getAny('Pod', pod.metadata.namespace ?? '', pod.metadata.name) ?? {}), 'status', 'phase')
  if (word.includes('/')) yield* waitUntil(call, podRunningDeadline(call), () => phase() === 'Running')
  if (phase() !== 'Running') return fail(`unable to forward port because pod is not running. Current status=${phase()}`)
  const addresses = flags.given('address') ? flags.list('address') : ['localhost']
  for (const { local, remote } of ports)
    for (const address of addresses.flatMap((given) =>
      given === 'localhost' ? ['127.0.0.1', '[::1]'] : [given.includes(':') ? `[${given}]` : given],
    ))
      output.stdout(`Forwarding from ${address}:${local} -> ${remote}\n`)
  output.stderr(
    'Warning: nothing comes through this port, because the console runs one command at a time; ask from inside a Pod with kubectl exec\n',
  )
  while (phase() === 'Running') yield { kind: 'wait-for-change', atMost: undefined }
  return fail('lost connection to pod')
}

export const portForwardCommand: Command = {
  name: 'port-forward',
  flags: [text('pod-running-timeout', undefined, '1m0s'), commaList('address')],
  run,
}
