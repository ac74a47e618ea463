/** kubectl describe. Follows kubectl/pkg/cmd/describe/describe.go. */
import type { KubernetesObject } from '@statefold/core'
import { atOnce, fileFlags, selectorFlag, type Call, type Command } from './command.js'
import { describeRole, describeRoleBinding } from './describe/access.js'
import { describeHorizontalPodAutoscaler } from './describe/autoscaler.js'
import { eventLines, eventsAbout } from './describe/events.js'
import { describeGeneric } from './describe/generic.js'
import { describeIngress, describeIngressClass, describeNetworkPolicy } from './describe/ingress.js'
import { describeLimitRange, describeResourceQuota } from './describe/limits.js'
import type { Lines } from './describe/lines.js'
import { describeEndpointSlice, describeEndpoints, describeService } from './describe/network.js'
import { describeNode } from './describe/node.js'
import {
  describeConfigMap,
  describeNamespace,
  describePersistentVolume,
  describePersistentVolumeClaim,
  describePodDisruptionBudget,
  describePriorityClass,
  describeSecret,
  describeServiceAccount,
  describeStorageClass,
} from './describe/storage.js'
import {
  describeDaemonSet,
  describeDeployment,
  describeCronJob,
  describeJob,
  describePod,
  describeReplicaSet,
  describeReplicationController,
  describeStatefulSet,
} from './describe/workloads.js'
import { CommandFailure, fail } from './errors.js'
import { numberFlag, switchFlag } from './flags.js'
import { resourceHelp } from './get.js'
import { alignTabs, describeOptions } from './printers/tab-writer.js'
import { listObjects } from './reading.js'
import { liveItems, resourceTypeOrFail, type Item } from './resource-arguments.js'

type Describer = (call: Call, object: KubernetesObject) => Lines

const describers: Readonly<Record<string, Describer>> = {
  ClusterRole: describeRole,
  ClusterRoleBinding: describeRoleBinding,
  ConfigMap: describeConfigMap,
  DaemonSet: describeDaemonSet,
  Deployment: describeDeployment,
  EndpointSlice: describeEndpointSlice,
  Endpoints: describeEndpoints,
  CronJob: describeCronJob,
  HorizontalPodAutoscaler: describeHorizontalPodAutoscaler,
  Ingress: describeIngress,
  IngressClass: describeIngressClass,
  Job: describeJob,
  LimitRange: describeLimitRange,
  Namespace: describeNamespace,
  NetworkPolicy: describeNetworkPolicy,
  Node: describeNode,
  PersistentVolume: describePersistentVolume,
  PersistentVolumeClaim: describePersistentVolumeClaim,
  Pod: describePod,
  PodDisruptionBudget: describePodDisruptionBudget,
  PriorityClass: describePriorityClass,
  ReplicaSet: describeReplicaSet,
  ReplicationController: describeReplicationController,
  ResourceQuota: describeResourceQuota,
  Role: describeRole,
  RoleBinding: describeRoleBinding,
  Secret: describeSecret,
  Service: describeService,
  ServiceAccount: describeServiceAccount,
  StatefulSet: describeStatefulSet,
  StorageClass: describeStorageClass,
}

/** Kinds whose description never shows Events. */
const withoutEvents: readonly string[] = [
  'ClusterRole',
  'ClusterRoleBinding',
  'LimitRange',
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'Role',
  'RoleBinding',
  'Secret',
]

const descriptionOf = (call: Call, item: Item, showEvents: boolean): string => {
  const lines = (describers[item.type.kind] ?? describeGeneric)(call, item.object)
  const now = call.cluster.now()
  // Kubelets speak of their node by its name, controllers by its uid: both are shown.
  const events =
    item.type.kind === 'Node'
      ? [...eventsAbout(call, item.object), ...eventsAbout(call, item.object, item.name)]
      : eventsAbout(call, item.object)
  const all = showEvents && !withoutEvents.includes(item.type.kind) ? [...lines, ...eventLines(events, now)] : lines
  return `${alignTabs(all.join('\n'), describeOptions)}\n`
}

/** `describe pod web` without such a Pod describes all whose names begin so. Follows DescribeMatchingResources. */
const matching = (call: Call, resource: string, prefix: string): readonly Item[] => {
  const type = resourceTypeOrFail(resource)
  return listObjects(call, type, { namespace: type.namespaced ? call.namespace : undefined })
    .filter((object) => object.metadata.name.startsWith(prefix))
    .map((object) => ({ type, namespace: object.metadata.namespace ?? '', name: object.metadata.name, object, source: '' }))
}

const run = (call: Call): number => {
  const { flags, output, words } = call
  if (words.length === 0 && flags.list('filename').length === 0)
    return fail(`You must specify the type of resource to describe. ${resourceHelp}\n`)
  const { items, problems } = liveItems(call, words, {
    labels: flags.text('selector'),
    allNamespaces: flags.on('all-namespaces'),
    allowEmptySelector: true,
  })
  const showEvents = flags.on('show-events') && (flags.given('show-events') || (problems.length === 0 && items.length <= 1))
  const [first, second] = words
  if (
    problems.length > 0 &&
    words.length === 2 &&
    first !== undefined &&
    second !== undefined &&
    problems.every((problem) => problem.kind === 'status' && problem.status.reason === 'NotFound')
  ) {
    const found = matching(call, first, second)
    if (found.length === 0) throw new CommandFailure(problems)
    for (const item of found) output.stdout(`${descriptionOf(call, item, showEvents)}\n`)
    return 0
  }
  for (const [index, item] of items.entries()) output.stdout(`${index === 0 ? '' : '\n\n'}${descriptionOf(call, item, showEvents)}`)
  if (problems.length > 0) throw new CommandFailure(problems)
  if (items.length === 0)
    output.stderr(flags.on('all-namespaces') ? 'No resources found\n' : `No resources found in ${call.namespace} namespace.\n`)
  return 0
}

export const describeCommand: Command = {
  name: 'describe',
  flags: [
    ...fileFlags,
    selectorFlag,
    switchFlag('all-namespaces', 'A'),
    switchFlag('show-events', undefined, 'true'),
    numberFlag('chunk-size', '500'),
  ],
  run: atOnce(run),
}
