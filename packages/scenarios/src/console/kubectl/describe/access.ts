/** Descriptions of roles and bindings. Follows RoleDescriber and RoleBindingDescriber in kubectl/pkg/describe/describe.go. */
import type { Json, KubernetesObject } from '@statefold/core'
import type { Call } from '../command.js'
import { jsonOf, listAt, textAt, wordOf } from '../json-object.js'
import { byText, goList, level, metadataLines, type Lines } from './lines.js'

interface SimpleRule {
  readonly resource: string
  readonly line: string
}

/** One line for each resource and each path. Follows BreakdownRule and CombineResourceGroup. */
const simpleRules = (rule: Json): readonly SimpleRule[] => {
  const verbs = goList(listAt(rule, 'verbs'))
  const names = listAt(rule, 'resourceNames').map(String)
  const ofResources = listAt(rule, 'apiGroups').flatMap((group) =>
    listAt(rule, 'resources').map((name) => {
      const [plain = '', ...sub] = wordOf(name).split('/')
      const resource = [group === '' ? plain : `${plain}.${wordOf(group)}`, ...sub].join('/')
      return { resource, line: level(1, `${resource}\t[]\t[${names.join(' ')}]\t${verbs}`) }
    }),
  )
  const ofPaths = listAt(rule, 'nonResourceURLs').map((path) => ({ resource: '', line: level(1, `\t[${wordOf(path)}]\t[]\t${verbs}`) }))
  return [...ofResources, ...ofPaths]
}

const named = (object: KubernetesObject): Lines => [`Name:\t${object.metadata.name}`, ...metadataLines(jsonOf(object))]

export const describeRole = (_call: Call, object: KubernetesObject): Lines => [
  ...named(object),
  'PolicyRule:',
  level(1, 'Resources\tNon-Resource URLs\tResource Names\tVerbs'),
  level(1, '---------\t-----------------\t--------------\t-----'),
  // Those without a group come first, as the recorded ones did.
  ...listAt(jsonOf(object), 'rules')
    .flatMap(simpleRules)
    .map((rule, index) => ({ rule, index }))
    .sort(
      (a, b) =>
        Number(a.rule.resource.includes('.')) - Number(b.rule.resource.includes('.')) ||
        byText(a.rule.line, b.rule.line) ||
        a.index - b.index,
    )
    .map(({ rule }) => rule.line),
]

export const describeRoleBinding = (_call: Call, object: KubernetesObject): Lines => {
  const binding = jsonOf(object)
  return [
    ...named(object),
    'Role:',
    level(1, `Kind:\t${textAt(binding, 'roleRef', 'kind')}`),
    level(1, `Name:\t${textAt(binding, 'roleRef', 'name')}`),
    'Subjects:',
    level(1, 'Kind\tName\tNamespace'),
    level(1, '----\t----\t---------'),
    ...listAt(binding, 'subjects').map((subject) =>
      level(1, `${textAt(subject, 'kind')}\t${textAt(subject, 'name')}\t${textAt(subject, 'namespace')}`),
    ),
  ]
}
