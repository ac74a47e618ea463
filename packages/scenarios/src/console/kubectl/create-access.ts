/** kubectl create role, clusterrole, rolebinding, clusterrolebinding. Follows kubectl/pkg/cmd/create/create_role.go and its neighbours. */
import type { Json } from '@statefold/core'
import type { Call, Command } from './command.js'
import { aliased, createFrom, nameFrom, requireFlags } from './create-object.js'
import { fail } from './errors.js'
import { commaList, list, text } from './flags.js'
import { resourceTypeOrFail } from './resource-arguments.js'

const group = 'rbac.authorization.k8s.io'

interface NamedResource {
  readonly group: string
  readonly resource: string
}

/** `pods`, `deployments.apps`, `pods/log`. */
const resourcesOf = (call: Call): readonly NamedResource[] =>
  call.flags.list('resource').map((written) => {
    const [named = '', subresource] = written.split('/')
    if (named === '*') return { group: '', resource: '*' }
    const type = resourceTypeOrFail(named)
    return { group: type.group, resource: subresource === undefined ? type.plural : `${type.plural}/${subresource}` }
  })

/** One rule a group. Follows generateResourcePolicyRules. */
const rulesOf = (call: Call, verbs: readonly string[]): readonly Json[] => {
  const resources = resourcesOf(call)
  const resourceNames = call.flags.list('resource-name')
  const groups = [...new Set(resources.map((named) => named.group))].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
  return groups.map((apiGroup) => ({
    apiGroups: [apiGroup],
    ...(resourceNames.length === 0 ? {} : { resourceNames }),
    resources: [...new Set(resources.filter((named) => named.group === apiGroup).map(({ resource }) => resource))],
    verbs,
  }))
}

/** What the API server knows to do, and what it asks about. Follows validResourceVerbs in create_role.go. */
const knownVerbs: readonly string[] =
  '* get delete list create update patch watch proxy deletecollection use bind escalate impersonate approve sign'.split(' ')

const verbsOf = (call: Call): readonly string[] => {
  const verbs = [...new Set(call.flags.list('verb'))]
  const [odd] = verbs.filter((verb) => !knownVerbs.includes(verb))
  if (odd !== undefined && call.flags.list('resource').length > 0) call.output.stderr(`Warning: '${odd}' is not a standard resource verb\n`)
  return verbs.includes('*') ? ['*'] : verbs
}

const role = (call: Call): number => {
  const name = nameFrom(call)
  const verbs = verbsOf(call)
  if (verbs.length === 0) return fail('at least one verb must be specified')
  if (call.flags.list('resource').length === 0) return fail('at least one resource must be specified')
  return createFrom(call, { apiVersion: `${group}/v1`, kind: 'Role', metadata: { name }, rules: rulesOf(call, verbs) }, 'role:')
}

const clusterRole = (call: Call): number => {
  const name = nameFrom(call)
  const { flags } = call
  const verbs = verbsOf(call)
  const nonResourceURLs = flags.list('non-resource-url')
  const aggregation = flags.list('aggregation-rule')
  const head = { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name } }
  if (aggregation.length > 0) {
    const clusterRoleSelectors = aggregation.map((written) => {
      const [key = '', value = ''] = written.split('=')
      return { matchLabels: { [key]: value } }
    })
    return createFrom(call, { aggregationRule: { clusterRoleSelectors }, ...head, rules: null }, 'clusterrole:', false)
  }
  if (verbs.length === 0) return fail('at least one verb must be specified')
  if (flags.list('resource').length === 0 && nonResourceURLs.length === 0)
    return fail('one of resource or nonResourceURL must be specified')
  const rules = [...rulesOf(call, verbs), ...(nonResourceURLs.length === 0 ? [] : [{ nonResourceURLs, verbs }])]
  return createFrom(call, { ...head, rules }, 'clusterrole:', false)
}

const subjectsOf = (call: Call): readonly Json[] => [
  ...call.flags.list('user').map((name) => ({ apiGroup: group, kind: 'User', name })),
  ...call.flags.list('group').map((name) => ({ apiGroup: group, kind: 'Group', name })),
  ...call.flags.list('serviceaccount').map((written) => {
    const [namespace = '', name = '', ...more] = written.split(':')
    return namespace === '' || name === '' || more.length > 0
      ? fail('serviceaccount must be <namespace>:<name>')
      : { kind: 'ServiceAccount', name, namespace }
  }),
]

const withSubjects = (subjects: readonly Json[]): { readonly subjects?: readonly Json[] } => (subjects.length === 0 ? {} : { subjects })

const roleBinding = (call: Call): number => {
  const name = nameFrom(call)
  const [ofCluster, ofNamespace] = [call.flags.text('clusterrole'), call.flags.text('role')]
  if ((ofCluster === '') === (ofNamespace === '')) return fail('exactly one of clusterrole or role must be specified')
  const roleRef = { apiGroup: group, kind: ofCluster === '' ? 'Role' : 'ClusterRole', name: ofCluster === '' ? ofNamespace : ofCluster }
  const object = { apiVersion: `${group}/v1`, kind: 'RoleBinding', metadata: { name }, roleRef, ...withSubjects(subjectsOf(call)) }
  return createFrom(call, object, 'rolebinding:')
}

const clusterRoleBinding = (call: Call): number => {
  requireFlags(call, ['clusterrole'])
  const name = nameFrom(call)
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: call.flags.text('clusterrole') }
  const object = { apiVersion: `${group}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, ...withSubjects(subjectsOf(call)) }
  return createFrom(call, object, 'clusterrolebinding:', false)
}

const rules = [commaList('verb'), commaList('resource'), list('resource-name')]
const subjects = [list('user'), list('group'), list('serviceaccount')]

export const createAccess: readonly Command[] = [
  ...aliased(['role'], rules, role),
  ...aliased(['clusterrole'], [...rules, commaList('non-resource-url'), commaList('aggregation-rule')], clusterRole),
  ...aliased(['rolebinding'], [text('clusterrole'), text('role'), ...subjects], roleBinding),
  ...aliased(['clusterrolebinding'], [text('clusterrole'), ...subjects], clusterRoleBinding),
]
