/**
 * Resources of the real API server whose kinds are kept here and do nothing: manifests that bring them are accepted as they are, and reports
 * say once that they are stored, not simulated. Names and scopes as `kubectl api-resources` of v1.36 prints them.
 */
// Differs from Kubernetes: their fields are not validated.
import type { ApiResource } from './api-resource.js'

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

const stored = (
  group: string,
  kind: string,
  plural: string,
  { namespaced = true, shortNames = [], categories = [] }: Partial<Pick<ApiResource, 'namespaced' | 'shortNames' | 'categories'>> = {},
): ApiResource => ({
  kind,
  group,
  version: 'v1',
  plural,
  singular: kind.toLowerCase(),
  shortNames,
  categories,
  namespaced,
  verbs,
  subresources: [],
})

const clusterWide = { namespaced: false }
const apiExtensions = { namespaced: false, categories: ['api-extensions'] }

export const storedResources: readonly ApiResource[] = [
  stored('admissionregistration.k8s.io', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', apiExtensions),
  stored('admissionregistration.k8s.io', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', apiExtensions),
  stored('apiextensions.k8s.io', 'CustomResourceDefinition', 'customresourcedefinitions', {
    ...apiExtensions,
    shortNames: ['crd', 'crds'],
  }),
  stored('apiregistration.k8s.io', 'APIService', 'apiservices', apiExtensions),
  stored('networking.k8s.io', 'Ingress', 'ingresses', { shortNames: ['ing'] }),
  stored('networking.k8s.io', 'IngressClass', 'ingressclasses', clusterWide),
  stored('networking.k8s.io', 'NetworkPolicy', 'networkpolicies', { shortNames: ['netpol'] }),
  stored('node.k8s.io', 'RuntimeClass', 'runtimeclasses', clusterWide),
  stored('rbac.authorization.k8s.io', 'ClusterRole', 'clusterroles', clusterWide),
  stored('rbac.authorization.k8s.io', 'ClusterRoleBinding', 'clusterrolebindings', clusterWide),
  stored('rbac.authorization.k8s.io', 'Role', 'roles'),
  stored('rbac.authorization.k8s.io', 'RoleBinding', 'rolebindings'),
]
