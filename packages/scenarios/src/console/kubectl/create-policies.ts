/** kubectl create priorityclass, quota, ingress. Follows kubectl/pkg/cmd/create/create_priorityclass.go and its neighbours. */
import type { Json, JsonObject } from '@statefold/core'
import type { Call, Command } from './command.js'
import { aliased, createFrom, nameFrom } from './create-object.js'
import { fail } from './errors.js'
import { list, numberFlag, switchFlag, text } from './flags.js'

const priorityClass = (call: Call): number => {
  const { flags } = call
  const description = flags.text('description')
  return createFrom(
    call,
    {
      apiVersion: 'scheduling.k8s.io/v1',
      ...(description === '' ? {} : { description }),
      ...(flags.on('global-default') ? { globalDefault: true } : {}),
      kind: 'PriorityClass',
      metadata: { name: nameFrom(call) },
      preemptionPolicy: flags.text('preemption-policy'),
      value: flags.number('value'),
    },
    'priorityclass:',
    false,
  )
}

/** `cpu=1,memory=1G` */
const amountsOf = (written: string): JsonObject =>
  Object.fromEntries(
    written.split(',').map((part) => {
      const parts = part.split('=')
      const [resource = '', amount = ''] = parts
      return parts.length === 2 ? [resource, amount] : fail(`Invalid argument syntax ${part}, expected <resource>=<value>`)
    }),
  )

const quota = (call: Call): number => {
  const name = nameFrom(call)
  const [hard, scopes] = [call.flags.text('hard'), call.flags.text('scopes')]
  const spec = { ...(hard === '' ? {} : { hard: amountsOf(hard) }), ...(scopes === '' ? {} : { scopes: scopes.split(',') }) }
  return createFrom(call, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec, status: {} }, 'quota:')
}

interface Rule {
  readonly host: string
  readonly path: JsonObject
  readonly tls: { readonly secret: string } | undefined
}

const backendOf = (name: string, port: string): JsonObject => ({
  service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } },
})

/** `host/path=service:port[,tls[=secret]]`; a path with `*` at its end is a prefix. */
const ruleOf = (written: string): Rule => {
  const match = /^([\w*.-]*)(\/[^=,]*)=([a-z0-9]([-a-z0-9]*[a-z0-9])?):([\w-]+)(?:,tls(?:=([\w.-]+))?)?$/.exec(written)
  if (match === null) return fail(`rule ${written} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`)
  const [, host = '', path = '/', service = '', , port = '', secret = ''] = match
  const isPrefix = path.endsWith('*')
  return {
    host,
    path: { backend: backendOf(service, port), path: isPrefix ? path.slice(0, -1) : path, pathType: isPrefix ? 'Prefix' : 'Exact' },
    tls: /,tls(?:=|$)/.test(written) ? { secret } : undefined,
  }
}

const ingress = (call: Call): number => {
  const name = nameFrom(call)
  const { flags } = call
  const [written, fallback, className] = [flags.list('rule'), flags.text('default-backend'), flags.text('class')]
  if (written.length === 0 && fallback === '')
    return fail(
      'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
    )
  const rules = written.map(ruleOf)
  const hosts = [...new Set(rules.map(({ host }) => host))]
  const [service = '', port = ''] = fallback.split(':')
  if (fallback !== '' && (service === '' || port === '')) return fail('default-backend should be in format servicename:serviceport')
  const annotations = Object.fromEntries(
    flags.list('annotation').map((annotation) => {
      const equals = annotation.indexOf('=')
      return equals < 0 ? [annotation, ''] : [annotation.slice(0, equals), annotation.slice(equals + 1)]
    }),
  )
  const tls: readonly Json[] = rules.flatMap((rule) =>
    rule.tls === undefined
      ? []
      : [{ ...(rule.host === '' ? {} : { hosts: [rule.host] }), ...(rule.tls.secret === '' ? {} : { secretName: rule.tls.secret }) }],
  )
  return createFrom(
    call,
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { ...(Object.keys(annotations).length === 0 ? {} : { annotations }), name },
      spec: {
        ...(fallback === '' ? {} : { defaultBackend: backendOf(service, port) }),
        ...(className === '' ? {} : { ingressClassName: className }),
        ...(rules.length === 0
          ? {}
          : {
              rules: hosts.map((host) => ({
                ...(host === '' ? {} : { host }),
                http: { paths: rules.filter((rule) => rule.host === host).map(({ path }) => path) },
              })),
            }),
        ...(tls.length === 0 ? {} : { tls }),
      },
      status: { loadBalancer: {} },
    },
    'ingress:',
  )
}

export const createPolicies: readonly Command[] = [
  ...aliased(
    ['priorityclass', 'pc'],
    [
      numberFlag('value', '0'),
      switchFlag('global-default'),
      text('description'),
      text('preemption-policy', undefined, 'PreemptLowerPriority'),
    ],
    priorityClass,
  ),
  ...aliased(['quota', 'resourcequota'], [text('hard'), text('scopes')], quota),
  ...aliased(['ingress', 'ing'], [text('class'), list('rule'), text('default-backend'), list('annotation')], ingress),
]
