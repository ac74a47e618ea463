/** The Containers part of a description. Follows describeContainers and its helpers in kubectl/pkg/describe/describe.go. */
import type { Json, JsonObject } from '@statefold/core'
import { at, listAt, numberAt, objectAt, sortedNames, textAt, textsAt, wordOf } from '../json-object.js'
import { byText, dateText, goList, level, orNone, type Lines } from './lines.js'

const portsText = (ports: readonly Json[], field: 'containerPort' | 'hostPort'): string =>
  ports
    .map((port) => `${numberAt(port, field)}/${textAt(port, 'protocol')}${textAt(port, 'name') === '' ? '' : ` (${textAt(port, 'name')})`}`)
    .join(', ')

const portLine = (title: string, text: string): string =>
  level(2, text.includes(',') ? `${title}s:\t${text}` : `${title}:\t${orNone(text)}`)

const seccompLines = (container: JsonObject): Lines => {
  const profile = at(container, 'securityContext', 'seccompProfile')
  if (profile === undefined) return []
  return [
    level(2, `SeccompProfile:\t${textAt(profile, 'type')}`),
    ...(textAt(profile, 'type') === 'Localhost' ? [level(3, `LocalhostProfile:\t${textAt(profile, 'localhostProfile')}`)] : []),
  ]
}

const wordLines = (title: string, words: readonly Json[]): Lines =>
  words.length === 0
    ? []
    : [
        level(2, `${title}:`),
        ...words.flatMap((word) =>
          wordOf(word)
            .split('\n')
            .map((line) => level(3, line)),
        ),
      ]

const stateLines = (title: string, state: JsonObject): Lines => {
  const running = at(state, 'running')
  if (running !== undefined) return [level(2, `${title}:\tRunning`), level(3, `Started:\t${dateText(textAt(running, 'startedAt'))}`)]
  const terminated = at(state, 'terminated')
  if (terminated === undefined) {
    const reason = textAt(state, 'waiting', 'reason')
    return [level(2, `${title}:\tWaiting`), ...(reason === '' ? [] : [level(3, `Reason:\t${reason}`)])]
  }
  const [reason, message, signal] = [textAt(terminated, 'reason'), textAt(terminated, 'message'), numberAt(terminated, 'signal')]
  return [
    level(2, `${title}:\tTerminated`),
    ...(reason === '' ? [] : [level(3, `Reason:\t${reason}`)]),
    ...(message === '' ? [] : [level(3, `Message:\t${message}`)]),
    level(3, `Exit Code:\t${numberAt(terminated, 'exitCode')}`),
    ...(signal > 0 ? [level(3, `Signal:\t${signal}`)] : []),
    level(3, `Started:\t${dateText(textAt(terminated, 'startedAt'))}`),
    level(3, `Finished:\t${dateText(textAt(terminated, 'finishedAt'))}`),
  ]
}

const statusLines = (status: JsonObject): Lines => [
  ...stateLines('State', objectAt(status, 'state')),
  ...(at(status, 'lastState', 'terminated') === undefined ? [] : stateLines('Last State', objectAt(status, 'lastState'))),
  level(2, `Ready:\t${at(status, 'ready') === true ? 'True' : 'False'}`),
  level(2, `Restart Count:\t${numberAt(status, 'restartCount')}`),
]

export const resourceLines = (resources: JsonObject, depth: number): Lines =>
  (['limits', 'requests'] as const).flatMap((field) => {
    const amounts = objectAt(resources, field)
    const names = sortedNames(amounts)
    return names.length === 0
      ? []
      : [
          level(depth, `${field === 'limits' ? 'Limits' : 'Requests'}:`),
          ...names.map((name) => level(depth + 1, `${name}:\t${wordOf(amounts[name])}`)),
        ]
  })

const probeText = (probe: JsonObject): string => {
  const attributes = `delay=${numberAt(probe, 'initialDelaySeconds')}s timeout=${numberAt(probe, 'timeoutSeconds')}s period=${numberAt(probe, 'periodSeconds')}s #success=${numberAt(probe, 'successThreshold')} #failure=${numberAt(probe, 'failureThreshold')}`
  const exec = at(probe, 'exec')
  if (exec !== undefined) return `exec ${goList(listAt(exec, 'command'))} ${attributes}`
  const http = at(probe, 'httpGet')
  if (http !== undefined) {
    const path = textAt(http, 'path')
    return `http-get ${textAt(http, 'scheme').toLowerCase()}://${textAt(http, 'host')}:${wordOf(at(http, 'port'))}${path.startsWith('/') || path === '' ? path : `/${path}`} ${attributes}`
  }
  const tcp = at(probe, 'tcpSocket')
  if (tcp !== undefined) return `tcp-socket ${textAt(tcp, 'host')}:${wordOf(at(tcp, 'port'))} ${attributes}`
  const grpc = at(probe, 'grpc')
  return grpc === undefined ? `unknown ${attributes}` : `grpc <pod>:${numberAt(grpc, 'port')} ${textAt(grpc, 'service')} ${attributes}`
}

const probeLines = (container: JsonObject): Lines =>
  (
    [
      ['Liveness', 'livenessProbe'],
      ['Readiness', 'readinessProbe'],
      ['Startup', 'startupProbe'],
    ] as const
  ).flatMap(([title, field]) =>
    at(container, field) === undefined ? [] : [level(2, `${title}:\t${probeText(objectAt(container, field))}`)],
  )

/** What a field of the Pod itself is, for `fieldRef`. Follows ExtractFieldPathAsString in kubectl/pkg/util/fieldpath/fieldpath.go. */
const podField = (pod: JsonObject | undefined, path: string): string => {
  if (pod === undefined) return ''
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (keyed !== null) return textsAt(pod, 'metadata', keyed[1] ?? '')[keyed[2] ?? ''] ?? ''
  // The kubelet alone knows what becomes of spec and status fields; only metadata is resolved.
  return path.startsWith('metadata.') ? textAt(pod, ...path.split('.')) : ''
}

const resourceField = (container: JsonObject, resource: string): string => {
  const [kind, name] = [resource.slice(0, resource.indexOf('.')), resource.slice(resource.indexOf('.') + 1)] as const
  const amount = at(container, 'resources', kind, name)
  if (amount === undefined) return kind === 'limits' && (name === 'cpu' || name === 'memory') ? 'node allocatable' : '0'
  return wordOf(amount)
}

const environmentLines = (container: JsonObject, pod: JsonObject | undefined): Lines => {
  const variables = listAt(container, 'env')
  if (variables.length === 0) return [level(2, 'Environment:\t<none>')]
  return [
    level(2, 'Environment:'),
    ...variables.flatMap((variable) => {
      const name = textAt(variable, 'name')
      const from = at(variable, 'valueFrom')
      if (from === undefined)
        return textAt(variable, 'value')
          .split('\n')
          .map((line, index) => level(3, index === 0 ? `${name}:\t${line}` : `\t${line}`))
      const field = at(from, 'fieldRef')
      if (field !== undefined)
        return [
          level(3, `${name}:\t${podField(pod, textAt(field, 'fieldPath'))} (${textAt(field, 'apiVersion')}:${textAt(field, 'fieldPath')})`),
        ]
      const resource = at(from, 'resourceFieldRef')
      if (resource !== undefined)
        return [level(3, `${name}:\t${resourceField(container, textAt(resource, 'resource'))} (${textAt(resource, 'resource')})`)]
      const secret = at(from, 'secretKeyRef')
      if (secret !== undefined)
        return [
          level(
            3,
            `${name}:\t<set to the key '${textAt(secret, 'key')}' in secret '${textAt(secret, 'name')}'>\tOptional: ${String(at(secret, 'optional') === true)}`,
          ),
        ]
      const configMap = at(from, 'configMapKeyRef')
      if (configMap === undefined) return []
      return [
        level(
          3,
          `${name}:\t<set to the key '${textAt(configMap, 'key')}' of config map '${textAt(configMap, 'name')}'>\tOptional: ${String(at(configMap, 'optional') === true)}`,
        ),
      ]
    }),
  ]
}

const environmentFromLines = (container: JsonObject): Lines => {
  const sources = listAt(container, 'envFrom')
  if (sources.length === 0) return []
  return [
    level(2, 'Environment Variables from:'),
    ...sources.map((source) => {
      const [kind, reference] =
        at(source, 'configMapRef') === undefined
          ? (['Secret', at(source, 'secretRef')] as const)
          : (['ConfigMap', at(source, 'configMapRef')] as const)
      const prefix = textAt(source, 'prefix')
      return level(
        3,
        `${textAt(reference, 'name')}\t${kind}${prefix === '' ? '' : ` with prefix '${prefix}'`}\tOptional: ${String(at(reference, 'optional') === true)}`,
      )
    }),
  ]
}

const mountLines = (container: JsonObject): Lines => {
  const mounts = [...listAt(container, 'volumeMounts')].sort((a, b) => byText(textAt(a, 'mountPath'), textAt(b, 'mountPath')))
  const devices = [...listAt(container, 'volumeDevices')].sort((a, b) => byText(textAt(a, 'devicePath'), textAt(b, 'devicePath')))
  const none = mounts.length === 0 ? '\t<none>' : ''
  return [
    level(2, `Mounts:${none}`),
    ...mounts.map((mount) => {
      const path = textAt(mount, 'subPath')
      const flags = [at(mount, 'readOnly') === true ? 'ro' : 'rw', ...(path === '' ? [] : [`path=${JSON.stringify(path)}`])]
      return level(3, `${textAt(mount, 'mountPath')} from ${textAt(mount, 'name')} (${flags.join(',')})`)
    }),
    ...(devices.length === 0
      ? []
      : [
          level(2, `Devices:${none}`),
          ...devices.map((device) => level(3, `${textAt(device, 'devicePath')} from ${textAt(device, 'name')}`)),
        ]),
  ]
}

export interface ContainersOptions {
  readonly title: string
  readonly containers: readonly Json[]
  readonly statuses: readonly Json[]
  /** The Pod they belong to; undefined in a template. */
  readonly pod: JsonObject | undefined
  readonly indent: string
}

export const containerLines = ({ title, containers, statuses, pod, indent }: ContainersOptions): Lines => [
  `${indent}${title}:${containers.length === 0 ? ' <none>' : ''}`,
  ...containers.flatMap((value) => {
    const container = objectAt({ value }, 'value')
    const status = statuses.find((candidate) => textAt(candidate, 'name') === textAt(container, 'name'))
    const ports = listAt(container, 'ports')
    return [
      level(1, `${indent === '' ? '' : ' '}${textAt(container, 'name')}:`),
      ...(status === undefined ? [] : [level(2, `Container ID:\t${textAt(status, 'containerID')}`)]),
      level(2, `Image:\t${textAt(container, 'image')}`),
      ...(status === undefined ? [] : [level(2, `Image ID:\t${textAt(status, 'imageID')}`)]),
      portLine('Port', portsText(ports, 'containerPort')),
      portLine('Host Port', portsText(ports, 'hostPort')),
      ...seccompLines(container),
      ...wordLines('Command', listAt(container, 'command')),
      ...wordLines('Args', listAt(container, 'args')),
      ...(status === undefined ? [] : statusLines(objectAt({ status }, 'status'))),
      ...resourceLines(objectAt(container, 'resources'), 2),
      ...probeLines(container),
      ...environmentFromLines(container),
      ...environmentLines(container, pod),
      ...mountLines(container),
    ]
  }),
]
