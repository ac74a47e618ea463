/** kubectl get --raw: the server's own answer to a path, on one line. Follows kubectl/pkg/rawhttp/raw.go; only reads of objects and lists. */
// Differs from Kubernetes: only these paths; fields come in alphabetical order.
import { allResources, apiVersionOf, type Json, type JsonObject } from '@statefold/core'
import type { Call } from './command.js'
import { failWith, statusProblem } from './errors.js'
import { jsonOf } from './json-object.js'
import { compactJson, indentedJson } from './printers/json-printer.js'
import { listObjects, readOrFail } from './reading.js'
import { versionOfServer } from './information.js'

const notFound = (): never =>
  failWith(statusProblem({ reason: 'NotFound', code: 404, message: 'the server could not find the requested resource' }))

/** `/api/v1/namespaces/default/pods/web-0` */
const pathPattern =
  /^\/(?:api\/(?<core>v1)|apis\/(?<group>[^/]+)\/(?<version>[^/]+))(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?$/

const answerTo = (call: Call, path: string, query: URLSearchParams): string => {
  if (/^\/(?:healthz|livez|readyz)$/.test(path)) return 'ok'
  if (path === '/version') return indentedJson(versionOfServer(call.cluster.serverVersion), '  ')
  const parts = (path === '/api/v1/namespaces' ? /^(?<plural>\/api\/v1\/namespaces)$/ : pathPattern).exec(path)?.groups
  if (parts === undefined) return notFound()
  const namespacesAlone = /^\/api\/v1\/namespaces(?:\/(?<name>[^/]+))?$/.exec(path)
  const group = parts['group'] ?? ''
  const plural = namespacesAlone === null ? (parts['plural'] ?? '') : 'namespaces'
  const version = parts['version'] ?? 'v1'
  const type = allResources.find((candidate) => candidate.plural === plural && candidate.group === group && candidate.version === version)
  if (type === undefined) return notFound()
  const name = namespacesAlone === null ? parts['name'] : namespacesAlone.groups?.['name']
  const namespace = namespacesAlone === null ? parts['namespace'] : undefined
  if (name !== undefined) return compactJson(jsonOf(readOrFail(call, type, namespace ?? '', name)))
  const items = listObjects(call, type, {
    namespace,
    labels: query.get('labelSelector') ?? '',
    fields: query.get('fieldSelector') ?? '',
  }).map((object): Json => {
    const { apiVersion: _apiVersion, kind: _kind, ...rest }: JsonObject = jsonOf(object)
    return rest
  })
  const resourceVersion = call.cluster.revision?.() ?? ''
  return compactJson({ apiVersion: apiVersionOf(type), items, kind: `${type.kind}List`, metadata: { resourceVersion } })
}

export const getRaw = (call: Call, raw: string): number => {
  const [path = '', query = ''] = raw.split('?')
  call.output.stdout(`${answerTo(call, path.replace(/\/+$/, '') || '/', new URLSearchParams(query))}\n`)
  return 0
}
