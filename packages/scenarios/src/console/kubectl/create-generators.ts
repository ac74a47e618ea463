/** kubectl create deployment, service, configmap, secret, namespace, job, cronjob, poddisruptionbudget, serviceaccount. Follows kubectl/pkg/cmd/create. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json, JsonObject } from '@statefold/core'
import { dryRunOf } from './changing.js'
import { ask, type Call, type Command } from './command.js'
import { asUnstored } from './create.js'
import { createAccess } from './create-access.js'
import { aliased, base64Of, commandWords, createFrom, nameFrom, requireFlags } from './create-object.js'
import { createPolicies } from './create-policies.js'
import { fail, failWith, statusProblem } from './errors.js'
import { commaList, list, numberFlag, switchFlag, text, type FlagSpecification } from './flags.js'
import { jsonOf, objectAt, textAt } from './json-object.js'
import { changePrinterOf } from './printers/object-printer.js'
import { readOrFail } from './reading.js'
import { resourceTypeOrFail } from './resource-arguments.js'

/** The container's name from its image. Follows sanitizeAndUniquify; the random suffix it gives to odd names is left out. */
const containerNameOf = (image: string): string => {
  const last = image.split('/').at(-1) ?? image
  return (last.split(':')[0] ?? last).split('@')[0]?.replace(/[_.]/g, '-').toLowerCase() ?? last
}

const deployment = (call: Call): number => {
  requireFlags(call, ['image'])
  const name = nameFrom(call)
  const { flags } = call
  const images = flags.list('image')
  const command = commandWords(call)
  if (images.length > 1 && command.length > 0) return fail('cannot specify multiple --image options and command')
  const port = flags.number('port')
  const labels = { app: name }
  const containers = images.map((image, index) => ({
    image,
    name: containerNameOf(image),
    resources: {},
    ...(command.length === 0 ? {} : { command }),
    ...(index === 0 && port >= 0 ? { ports: [{ containerPort: port }] } : {}),
  }))
  return createFrom(
    call,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { labels, name },
      spec: {
        replicas: flags.number('replicas'),
        selector: { matchLabels: labels },
        strategy: {},
        template: { metadata: { labels }, spec: { containers } },
      },
      status: {},
    },
    'deployment:',
  )
}

const servicePorts = (specifications: readonly string[], nodePort: number): readonly Json[] =>
  specifications.map((specification) => {
    const [port = '', target] = specification.split(':')
    const number = Number(port)
    if (!/^\d+$/.test(port) || number > 65_535) return fail(`strconv.ParseUint: parsing ${JSON.stringify(port)}: invalid syntax`)
    const targetPort = target === undefined ? number : /^\d+$/.test(target) ? Number(target) : target
    return { name: specification.replaceAll(':', '-'), port: number, protocol: 'TCP', targetPort, ...(nodePort === 0 ? {} : { nodePort }) }
  })

const service =
  (type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName') =>
  (call: Call): number => {
    const name = nameFrom(call)
    const { flags } = call
    const clusterIp = type === 'ClusterIP' ? flags.text('clusterip') : ''
    const ports = servicePorts(flags.list('tcp'), type === 'NodePort' ? flags.number('node-port') : 0)
    if (type === 'ExternalName') requireFlags(call, ['external-name'])
    if (ports.length === 0 && clusterIp !== 'None' && type !== 'ExternalName')
      return fail('at least one tcp port specifier must be provided')
    const labels = { app: name }
    return createFrom(
      call,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { labels, name },
        spec: {
          ...(clusterIp === '' ? {} : { clusterIP: clusterIp }),
          ...(type === 'ExternalName' ? { externalName: flags.text('external-name') } : {}),
          ...(ports.length === 0 ? {} : { ports }),
          selector: labels,
          type,
        },
        status: { loadBalancer: {} },
      },
      `${type} service:`,
    )
  }

const keyPattern = /^[-._a-zA-Z0-9]+$/

const base = (path: string): string => path.split('/').at(-1) ?? path

/** The keys and texts of --from-literal, --from-file and --from-env-file. */
const contentOf = (call: Call): Readonly<Record<string, string>> => {
  const { flags, cluster } = call
  const content: Record<string, string> = {}
  const add = (key: string, value: string): void => {
    if (!keyPattern.test(key)) {
      fail(
        `${JSON.stringify(key)} is not a valid key name: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      )
    }
    if (content[key] !== undefined)
      fail(
        `cannot add key ${JSON.stringify(key)}, another key by that name already exists in Data for ConfigMap ${JSON.stringify(call.words[0] ?? '')}`,
      )
    content[key] = value
  }
  for (const literal of flags.list('from-literal')) {
    const equals = literal.indexOf('=')
    if (equals <= 0) fail(`invalid literal source ${literal}, expected key=value`)
    add(literal.slice(0, equals), literal.slice(equals + 1).replace(/^(['"])(.*)\1$/s, '$2'))
  }
  for (const source of flags.list('from-file')) {
    const equals = source.indexOf('=')
    const path = equals < 0 ? source : source.slice(equals + 1)
    const names = cluster.listFiles(path)
    if (names !== undefined && equals < 0) {
      for (const name of names) {
        const inner = cluster.readFile(`${path.replace(/\/$/, '')}/${name}`)
        if (inner !== undefined) add(name, inner)
      }
      continue
    }
    add(
      equals < 0 ? base(path) : source.slice(0, equals),
      cluster.readFile(path) ?? fail(`error reading ${path}: no such file or directory`),
    )
  }
  for (const path of flags.list('from-env-file')) {
    const file = cluster.readFile(path) ?? fail(`error reading ${path}: no such file or directory`)
    for (const line of file.split('\n')) {
      const trimmed = line.trimStart()
      if (trimmed === '' || trimmed.startsWith('#')) continue
      const equals = trimmed.indexOf('=')
      if (equals > 0) add(trimmed.slice(0, equals), trimmed.slice(equals + 1))
    }
  }
  return content
}

const configMap = (call: Call): number => {
  const name = nameFrom(call)
  const content = contentOf(call)
  return createFrom(
    call,
    { apiVersion: 'v1', ...(Object.keys(content).length === 0 ? {} : { data: content }), kind: 'ConfigMap', metadata: { name } },
    'configmap:',
  )
}

const secret = (call: Call): number => {
  const name = nameFrom(call)
  const content = Object.fromEntries(Object.entries(contentOf(call)).map(([key, value]) => [key, base64Of(value)]))
  const type = call.flags.text('type')
  return createFrom(
    call,
    {
      apiVersion: 'v1',
      ...(Object.keys(content).length === 0 ? {} : { data: content }),
      kind: 'Secret',
      metadata: { name },
      ...(type === '' ? {} : { type }),
    },
    'secret',
  )
}

const namespace = (call: Call): number => {
  const name = nameFrom(call)
  const dryRun = dryRunOf(call)
  const print = changePrinterOf(call, 'created', dryRun)
  const object: JsonObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: {} }
  if (dryRun === 'client') {
    print(object)
    return 0
  }
  const answer = ask(call, { kind: 'CreateObject', object: asUnstored(object), ...(dryRun === 'server' ? { dryRun: true } : {}) })
  // The one generator that hands on the server's own refusal.
  if (E.isLeft(answer)) return failWith(statusProblem(answer.left))
  print(jsonOf(answer.right))
  return 0
}

const job = (call: Call): number => {
  const name = nameFrom(call)
  const { flags } = call
  const [image, from] = [flags.text('image'), flags.text('from')]
  if ((image === '') === (from === '')) return fail('either --image or --from must be specified')
  const command = commandWords(call)
  if (from !== '') {
    const [resource = '', source = ''] = from.split('/')
    const type = resourceTypeOrFail(resource)
    if (type.kind !== 'CronJob') return fail('from must be an existing cronjob')
    const cronJob = jsonOf(readOrFail(call, type, call.namespace, source))
    const template = objectAt(cronJob, 'spec', 'jobTemplate')
    return createFrom(
      call,
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: {
          ...objectAt(template, 'metadata'),
          annotations: { ...objectAt(template, 'metadata', 'annotations'), 'cronjob.kubernetes.io/instantiate': 'manual' },
          name,
          ownerReferences: [
            { apiVersion: 'batch/v1', controller: true, kind: 'CronJob', name: source, uid: textAt(cronJob, 'metadata', 'uid') },
          ],
        },
        spec: objectAt(template, 'spec'),
      },
      'job:',
    )
  }
  return createFrom(
    call,
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: {
        template: {
          metadata: {},
          spec: { containers: [{ ...(command.length === 0 ? {} : { command }), image, name, resources: {} }], restartPolicy: 'Never' },
        },
      },
      status: {},
    },
    'job:',
  )
}

const cronJob = (call: Call): number => {
  const name = nameFrom(call)
  const { flags } = call
  requireFlags(call, ['image', 'schedule'])
  const restart = flags.text('restart')
  if (restart !== '' && restart !== 'OnFailure' && restart !== 'Never') return fail(`invalid restart policy: ${restart}`)
  const command = commandWords(call)
  const container = { ...(command.length === 0 ? {} : { command }), image: flags.text('image'), name, resources: {} }
  return createFrom(
    call,
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name },
      spec: {
        jobTemplate: {
          metadata: { name },
          spec: { template: { metadata: {}, spec: { containers: [container], restartPolicy: restart === '' ? 'OnFailure' : restart } } },
        },
        schedule: flags.text('schedule'),
      },
      status: {},
    },
    'cronjob:',
  )
}

const dockerRegistrySecret = (call: Call): number => {
  const name = nameFrom(call)
  const { flags } = call
  const [username, password, email, server] = ['username', 'password', 'email', 'server'].map((part) => flags.text(`docker-${part}`))
  if (flags.list('from-file').length === 0 && (username === '' || password === '' || server === ''))
    return fail('either --from-file or the combination of --docker-username, --docker-password and --docker-server is required')
  const account = {
    username,
    password,
    ...(email === '' ? {} : { email }),
    auth: base64Of(`${username ?? ''}:${password ?? ''}`),
  }
  const [path] = flags.list('from-file')
  const config =
    path === undefined
      ? JSON.stringify({ auths: { [server ?? '']: account } })
      : (call.cluster.readFile(path.replace(/^[^=]*=/, '')) ?? fail(`error reading ${path}: no such file or directory`))
  return createFrom(
    call,
    {
      apiVersion: 'v1',
      data: { '.dockerconfigjson': base64Of(config) },
      kind: 'Secret',
      metadata: { name },
      type: 'kubernetes.io/dockerconfigjson',
    },
    'secret',
  )
}

const tlsSecret = (call: Call): number => {
  const name = nameFrom(call)
  const [cert, key] = [call.flags.text('cert'), call.flags.text('key')]
  if (cert === '' || key === '') return fail('key and cert must be specified')
  const read = (path: string): string =>
    base64Of(call.cluster.readFile(path) ?? fail(`Cannot read file ${path}, open ${path}: no such file or directory`))
  const data = { 'tls.crt': read(cert), 'tls.key': read(key) }
  return createFrom(call, { apiVersion: 'v1', data, kind: 'Secret', metadata: { name }, type: 'kubernetes.io/tls' }, 'secret')
}

const intOrString = (value: string): Json => (/^\d+$/.test(value) ? Number(value) : value)

const disruptionBudget = (call: Call): number => {
  const name = nameFrom(call)
  const { flags } = call
  const [selector, least, most] = [flags.text('selector'), flags.text('min-available'), flags.text('max-unavailable')]
  if (selector === '') return fail('a selector must be specified')
  if (least === '' && most === '') return fail('one of min-available or max-unavailable must be specified')
  if (least !== '' && most !== '') return fail('min-available and max-unavailable cannot be both specified')
  const matchLabels = Object.fromEntries(
    selector.split(',').map((part) => {
      const [key = '', value = ''] = part.split(/==?/)
      return [key, value]
    }),
  )
  return createFrom(
    call,
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name },
      spec: { ...(most === '' ? { minAvailable: intOrString(least) } : { maxUnavailable: intOrString(most) }), selector: { matchLabels } },
      status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
    },
    'poddisruptionbudgets:',
  )
}

const serviceAccount = (call: Call): number =>
  createFrom(call, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: nameFrom(call) } }, 'serviceaccount:')

const content: readonly FlagSpecification[] = [list('from-literal'), list('from-file'), list('from-env-file'), switchFlag('append-hash')]

export const createGenerators: readonly Command[] = [
  ...aliased(['deployment', 'deploy'], [list('image'), numberFlag('port', '-1'), numberFlag('replicas', '1', 'r')], deployment),
  ...['service', 'svc'].flatMap((word) => [
    ...aliased([`${word} clusterip`], [commaList('tcp'), text('clusterip')], service('ClusterIP')),
    ...aliased([`${word} nodeport`], [commaList('tcp'), numberFlag('node-port', '0')], service('NodePort')),
    ...aliased([`${word} loadbalancer`], [commaList('tcp')], service('LoadBalancer')),
    ...aliased([`${word} externalname`], [commaList('tcp'), text('external-name')], service('ExternalName')),
  ]),
  ...aliased(['configmap', 'cm'], content, configMap),
  ...aliased(['secret generic'], [...content, text('type')], secret),
  ...aliased(['namespace', 'ns'], [], namespace),
  ...aliased(['job'], [text('image'), text('from')], job),
  ...aliased(['poddisruptionbudget', 'pdb'], [text('selector'), text('min-available'), text('max-unavailable')], disruptionBudget),
  ...aliased(['serviceaccount', 'sa'], [], serviceAccount),
  ...aliased(['cronjob', 'cj'], [text('image'), text('schedule'), text('restart')], cronJob),
  ...aliased(
    ['secret docker-registry'],
    [
      text('docker-username'),
      text('docker-password'),
      text('docker-email'),
      text('docker-server', undefined, 'https://index.docker.io/v1/'),
      list('from-file'),
    ],
    dockerRegistrySecret,
  ),
  ...aliased(['secret tls'], [text('cert'), text('key')], tlsSecret),
  ...createAccess,
  ...createPolicies,
]
