/** Descriptions of Pods and of what makes Pods. Follows the describe… functions of kubectl/pkg/describe/describe.go. */
import {
  ageOf,
  type Json,
  formatLabelSelector,
  humanDuration,
  matchesSelector,
  parseSelector,
  selectorMatches,
  simTimeOf,
  type JsonObject,
  type KubernetesObject,
} from '@statefold/core'
import type { Call } from '../command.js'
import { at, jsonOf, listAt, numberAt, objectAt, textAt, textsAt } from '../json-object.js'
import { templateLabelsWithoutHash } from '../rollout-history.js'
import { compactJson } from '../printers/json-printer.js'
import { containerLines, resourceLines } from './containers.js'
import {
  classOf,
  conditionLines,
  controllerText,
  countText,
  dateText,
  goList,
  intOrStringText,
  labelLines,
  level,
  mapText,
  metadataLines,
  nameAndNamespace,
  tolerationLines,
  type Lines,
} from './lines.js'
import { describePodTemplate, spreadLines } from './pod-template.js'
import { volumeLines } from './volumes.js'

/** How many of the controller's Pods are in which phase. Follows getPodStatusForController. */
const podCounts = (call: Call, object: KubernetesObject, selects: (labels: Readonly<Record<string, string>>) => boolean): string => {
  const pods = call.cluster
    .reader()
    .listAny('Pod', object.metadata.namespace)
    .filter(
      (pod) =>
        selects(pod.metadata.labels ?? {}) &&
        pod.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === object.metadata.uid) === true,
    )
  const count = (phase: string): number => pods.filter((pod) => textAt(jsonOf(pod), 'status', 'phase') === phase).length
  return `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`
}

const bySelector = (json: JsonObject): ((labels: Readonly<Record<string, string>>) => boolean) => {
  const selector = objectAt(json, 'spec', 'selector')
  return (labels) => selectorMatches(selector, labels)
}

const selectorText = (json: JsonObject): string => formatLabelSelector(objectAt(json, 'spec', 'selector'))

export const describePod = (call: Call, object: KubernetesObject): Lines => {
  const pod = jsonOf(object)
  const spec = objectAt(pod, 'spec')
  const status = objectAt(pod, 'status')
  const deletion = textAt(pod, 'metadata', 'deletionTimestamp')
  const phase = textAt(status, 'phase')
  const optional = (title: string, value: string): Lines => (value === '' ? [] : [`${title}:\t${value}`])
  const node = textAt(spec, 'nodeName')
  const seccomp = at(spec, 'securityContext', 'seccompProfile')
  const gates = listAt(spec, 'readinessGates')
  const conditions = listAt(status, 'conditions')
  const init = listAt(spec, 'initContainers')
  const addresses = listAt(status, 'podIPs')
  return [
    ...nameAndNamespace(pod),
    ...(at(spec, 'priority') === undefined ? [] : [`Priority:\t${countText(spec, 'priority')}`]),
    ...optional('Priority Class Name', textAt(spec, 'priorityClassName')),
    ...optional('Runtime Class Name', textAt(spec, 'runtimeClassName')),
    ...optional('Service Account', textAt(spec, 'serviceAccountName')),
    `Node:\t${node === '' ? '<none>' : `${node}/${textAt(status, 'hostIP')}`}`,
    ...(textAt(status, 'startTime') === '' ? [] : [`Start Time:\t${dateText(textAt(status, 'startTime'))}`]),
    ...metadataLines(pod),
    ...(deletion !== '' && phase !== 'Failed' && phase !== 'Succeeded'
      ? [
          `Status:\tTerminating (lasts ${ageOf(deletion, call.cluster.now())})`,
          `Termination Grace Period:\t${countText(pod, 'metadata', 'deletionGracePeriodSeconds')}s`,
        ]
      : [`Status:\t${phase}`]),
    ...optional('Reason', textAt(status, 'reason')),
    ...optional('Message', textAt(status, 'message')),
    ...(seccomp === undefined
      ? []
      : [
          `SeccompProfile:\t${textAt(seccomp, 'type')}`,
          ...(textAt(seccomp, 'type') === 'Localhost' ? [`LocalhostProfile:\t${textAt(seccomp, 'localhostProfile')}`] : []),
        ]),
    `IP:\t${textAt(status, 'podIP')}`,
    ...(addresses.length === 0 ? ['IPs:\t<none>'] : ['IPs:', ...addresses.map((address) => level(1, `IP:\t${textAt(address, 'ip')}`))]),
    ...optional('Controlled By', controllerText(pod)),
    ...optional('NominatedNodeName', textAt(status, 'nominatedNodeName')),
    ...(at(spec, 'resources') === undefined ? [] : ['Resources:', ...resourceLines(objectAt(spec, 'resources'), 1)]),
    ...(init.length === 0
      ? []
      : containerLines({ title: 'Init Containers', containers: init, statuses: listAt(status, 'initContainerStatuses'), pod, indent: '' })),
    ...containerLines({
      title: 'Containers',
      containers: listAt(spec, 'containers'),
      statuses: listAt(status, 'containerStatuses'),
      pod,
      indent: '',
    }),
    ...(gates.length === 0
      ? []
      : [
          'Readiness Gates:',
          level(1, 'Type\tStatus'),
          ...gates.map((gate) => {
            const condition = conditions.find((candidate) => textAt(candidate, 'type') === textAt(gate, 'conditionType'))
            return level(1, `${textAt(gate, 'conditionType')} \t${condition === undefined ? '<none>' : textAt(condition, 'status')} `)
          }),
        ]),
    ...(conditions.length === 0
      ? []
      : [
          'Conditions:',
          level(1, 'Type\tStatus'),
          ...conditions.map((condition) => level(1, `${textAt(condition, 'type')} \t${textAt(condition, 'status')} `)),
        ]),
    ...volumeLines(listAt(spec, 'volumes'), ''),
    `QoS Class:\t${textAt(status, 'qosClass')}`,
    ...labelLines('Node-Selectors', textsAt(spec, 'nodeSelector')),
    ...tolerationLines('Tolerations', listAt(spec, 'tolerations')),
    ...spreadLines(listAt(spec, 'topologySpreadConstraints'), ''),
  ]
}

export const describeStatefulSet = (call: Call, object: KubernetesObject): Lines => {
  const set = jsonOf(object)
  const rolling = at(set, 'spec', 'updateStrategy', 'rollingUpdate')
  const unavailable = at(rolling, 'maxUnavailable')
  const templates = listAt(set, 'spec', 'volumeClaimTemplates')
  return [
    ...nameAndNamespace(set),
    `CreationTimestamp:\t${dateText(object.metadata.creationTimestamp)}`,
    `Selector:\t${selectorText(set)}`,
    ...metadataLines(set),
    `Replicas:\t${countText(set, 'spec', 'replicas')} desired | ${countText(set, 'status', 'replicas')} total`,
    `Update Strategy:\t${textAt(set, 'spec', 'updateStrategy', 'type')}`,
    ...(at(rolling, 'partition') === undefined
      ? []
      : [
          level(1, `Partition:\t${numberAt(rolling, 'partition')}`),
          ...(unavailable === undefined ? [] : [level(1, `MaxUnavailable:\t${intOrStringText(unavailable)}`)]),
        ]),
    `Pods Status:\t${podCounts(call, object, bySelector(set))}`,
    ...describePodTemplate(objectAt(set, 'spec', 'template')),
    ...(templates.length === 0
      ? ['Volume Claims:\t<none>']
      : [
          'Volume Claims:',
          ...templates.flatMap((value) => {
            const claim = objectAt({ value }, 'value')
            return [
              level(1, `Name:\t${textAt(claim, 'metadata', 'name')}`),
              level(1, `StorageClass:\t${classOf(claim)}`),
              ...labelLines('Labels', textsAt(claim, 'metadata', 'labels'), '  '),
              ...labelLines('Annotations', textsAt(claim, 'metadata', 'annotations'), '  '),
              level(1, `Capacity:\t${intOrStringText(at(claim, 'spec', 'resources', 'requests', 'storage')) || '<default>'}`),
              level(1, `Access Modes:\t${goList(listAt(claim, 'spec', 'accessModes'))}`),
            ]
          }),
        ]),
  ]
}

const replicaSetText = (set: JsonObject): string =>
  `${textAt(set, 'metadata', 'name')} (${countText(set, 'status', 'replicas')}/${countText(set, 'spec', 'replicas')} replicas created)`

// Follows replicaSetsByCreationTimestamp in kubectl/pkg/util/deployment/deployment.go.
const byCreation = ({ metadata: one }: KubernetesObject, { metadata: other }: KubernetesObject): number => {
  if (one.creationTimestamp !== other.creationTimestamp) return one.creationTimestamp < other.creationTimestamp ? -1 : 1
  return one.name < other.name ? -1 : 1
}

/** The Deployment's ReplicaSets: the newest fits the template, the others are old. Follows GetAllReplicaSets in kubectl/pkg/util/deployment/deployment.go. */
const replicaSetsOf = (
  call: Call,
  object: KubernetesObject,
): { readonly old: readonly JsonObject[]; readonly current: readonly JsonObject[] } => {
  const template = compactJson(templateLabelsWithoutHash(objectAt(jsonOf(object), 'spec', 'template')))
  const owned = call.cluster
    .reader()
    .listAny('ReplicaSet', object.metadata.namespace)
    .filter((set) => set.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === object.metadata.uid) === true)
    .sort(byCreation)
    .map(jsonOf)
  const current = owned.filter((set) => compactJson(templateLabelsWithoutHash(objectAt(set, 'spec', 'template'))) === template).slice(0, 1)
  return { current, old: owned.filter((set) => !current.includes(set)) }
}

export const describeDeployment = (call: Call, object: KubernetesObject): Lines => {
  const deployment = jsonOf(object)
  const status = (field: string): string => countText(deployment, 'status', field)
  const rolling = at(deployment, 'spec', 'strategy', 'rollingUpdate')
  const { old, current } = replicaSetsOf(call, object)
  const listed = (sets: readonly JsonObject[]): string => (sets.length === 0 ? '<none>' : sets.map(replicaSetText).join(', '))
  return [
    ...nameAndNamespace(deployment),
    `CreationTimestamp:\t${dateText(object.metadata.creationTimestamp)}`,
    ...metadataLines(deployment),
    `Selector:\t${selectorText(deployment)}`,
    `Replicas:\t${countText(deployment, 'spec', 'replicas')} desired | ${status('updatedReplicas')} updated | ${status('replicas')} total | ${status('availableReplicas')} available | ${status('unavailableReplicas')} unavailable`,
    `StrategyType:\t${textAt(deployment, 'spec', 'strategy', 'type')}`,
    `MinReadySeconds:\t${countText(deployment, 'spec', 'minReadySeconds')}`,
    ...(rolling === undefined
      ? []
      : [
          `RollingUpdateStrategy:\t${intOrStringText(at(rolling, 'maxUnavailable'))} max unavailable, ${intOrStringText(at(rolling, 'maxSurge'))} max surge`,
        ]),
    ...describePodTemplate(objectAt(deployment, 'spec', 'template')),
    ...conditionLines(deployment),
    ...(old.length + current.length === 0 ? [] : [`OldReplicaSets:\t${listed(old)}`, `NewReplicaSet:\t${listed(current)}`]),
  ]
}

export const describeReplicaSet = (call: Call, object: KubernetesObject): Lines => {
  const set = jsonOf(object)
  const controller = controllerText(set)
  return [
    ...nameAndNamespace(set),
    `Selector:\t${selectorText(set)}`,
    ...metadataLines(set),
    ...(controller === '' ? [] : [`Controlled By:\t${controller}`]),
    `Replicas:\t${countText(set, 'status', 'replicas')} current / ${countText(set, 'spec', 'replicas')} desired`,
    `Pods Status:\t${podCounts(call, object, bySelector(set))}`,
    ...describePodTemplate(objectAt(set, 'spec', 'template')),
    ...conditionLines(set),
  ]
}

export const describeReplicationController = (call: Call, object: KubernetesObject): Lines => {
  const controller = jsonOf(object)
  const selector = textsAt(controller, 'spec', 'selector')
  const parsed = parseSelector(mapText(selector) === '<none>' ? '' : mapText(selector))
  return [
    ...nameAndNamespace(controller),
    `Selector:\t${mapText(selector)}`,
    ...metadataLines(controller),
    `Replicas:\t${countText(controller, 'status', 'replicas')} current / ${countText(controller, 'spec', 'replicas')} desired`,
    `Pods Status:\t${podCounts(call, object, (labels) => parsed._tag === 'Right' && matchesSelector(parsed.right, labels))}`,
    ...describePodTemplate(objectAt(controller, 'spec', 'template')),
    ...conditionLines(controller),
  ]
}

export const describeDaemonSet = (call: Call, object: KubernetesObject): Lines => {
  const set = jsonOf(object)
  const status = (field: string): string => countText(set, 'status', field)
  return [
    ...nameAndNamespace(set),
    `Selector:\t${selectorText(set)}`,
    `Node-Selector:\t${mapText(textsAt(set, 'spec', 'template', 'spec', 'nodeSelector'))}`,
    ...metadataLines(set),
    `Desired Number of Nodes Scheduled: ${status('desiredNumberScheduled')}`,
    `Current Number of Nodes Scheduled: ${status('currentNumberScheduled')}`,
    `Number of Nodes Scheduled with Up-to-date Pods: ${status('updatedNumberScheduled')}`,
    `Number of Nodes Scheduled with Available Pods: ${status('numberAvailable')}`,
    `Number of Nodes Misscheduled: ${status('numberMisscheduled')}`,
    `Pods Status:\t${podCounts(call, object, bySelector(set))}`,
    ...describePodTemplate(objectAt(set, 'spec', 'template')),
  ]
}

const cappedIndexes = (indexes: string): string => {
  if (indexes === '') return '<none>'
  const comma = indexes.indexOf(',', 50)
  return comma < 0 ? indexes : `${indexes.slice(0, comma + 1)}...`
}

const orUnset = (value: Json | undefined, suffix = ''): string => (value === undefined ? '<unset>' : `${intOrStringText(value)}${suffix}`)

/** Follows describeCronJob and describeJobTemplate. */
export const describeCronJob = (_call: Call, object: KubernetesObject): Lines => {
  const cronJob = jsonOf(object)
  const template = objectAt(cronJob, 'spec', 'jobTemplate', 'spec')
  const last = textAt(cronJob, 'status', 'lastScheduleTime')
  const active = listAt(cronJob, 'status', 'active').map((reference) => textAt(reference, 'name'))
  const deadline = at(template, 'activeDeadlineSeconds')
  return [
    ...nameAndNamespace(cronJob),
    ...metadataLines(cronJob),
    `Schedule:\t${textAt(cronJob, 'spec', 'schedule')}`,
    `Concurrency Policy:\t${textAt(cronJob, 'spec', 'concurrencyPolicy')}`,
    `Suspend:\t${at(cronJob, 'spec', 'suspend') === true ? 'True' : 'False'}`,
    `Time Zone:\t${textAt(cronJob, 'spec', 'timeZone') || '<unset>'}`,
    `Successful Job History Limit:\t${orUnset(at(cronJob, 'spec', 'successfulJobsHistoryLimit'))}`,
    `Failed Job History Limit:\t${orUnset(at(cronJob, 'spec', 'failedJobsHistoryLimit'))}`,
    `Starting Deadline Seconds:\t${orUnset(at(cronJob, 'spec', 'startingDeadlineSeconds'), 's')}`,
    `Selector:\t${at(template, 'selector') === undefined ? '<unset>' : selectorText({ spec: template })}`,
    `Parallelism:\t${orUnset(at(template, 'parallelism'))}`,
    `Completions:\t${orUnset(at(template, 'completions'))}`,
    ...(deadline === undefined ? [] : [`Active Deadline Seconds:\t${intOrStringText(deadline)}s`]),
    ...describePodTemplate(objectAt(template, 'template')),
    `Last Schedule Time:\t${last === '' ? '<unset>' : dateText(last)}`,
    `Active Jobs:\t${active.length === 0 ? '<none>' : active.join(', ')}`,
  ]
}

export const describeJob = (_call: Call, object: KubernetesObject): Lines => {
  const job = jsonOf(object)
  const [start, completion] = [textAt(job, 'status', 'startTime'), textAt(job, 'status', 'completionTime')]
  const controller = controllerText(job)
  const optional = (title: string, field: string, suffix = ''): Lines => {
    const value = at(job, 'spec', field)
    return value === undefined ? [] : [`${title}:\t${intOrStringText(value)}${suffix}`]
  }
  const status = (field: string): string => countText(job, 'status', field)
  const ready = at(job, 'status', 'ready')
  return [
    ...nameAndNamespace(job),
    `Selector:\t${selectorText(job)}`,
    ...metadataLines(job),
    ...(controller === '' ? [] : [`Controlled By:\t${controller}`]),
    ...optional('Parallelism', 'parallelism'),
    `Completions:\t${intOrStringText(at(job, 'spec', 'completions')) || '<unset>'}`,
    ...optional('Completion Mode', 'completionMode'),
    ...optional('Suspend', 'suspend'),
    ...optional('Backoff Limit', 'backoffLimit'),
    ...optional('TTL Seconds After Finished', 'ttlSecondsAfterFinished'),
    ...(start === '' ? [] : [`Start Time:\t${dateText(start)}`]),
    ...(completion === '' ? [] : [`Completed At:\t${dateText(completion)}`]),
    ...(start === '' || completion === '' ? [] : [`Duration:\t${humanDuration((simTimeOf(completion) ?? 0) - (simTimeOf(start) ?? 0))}`]),
    ...optional('Active Deadline Seconds', 'activeDeadlineSeconds', 's'),
    `Pods Statuses:\t${status('active')} Active${ready === undefined ? '' : ` (${intOrStringText(ready)} Ready)`} / ${status('succeeded')} Succeeded / ${status('failed')} Failed`,
    ...(textAt(job, 'spec', 'completionMode') === 'Indexed'
      ? [`Completed Indexes:\t${cappedIndexes(textAt(job, 'status', 'completedIndexes'))}`]
      : []),
    ...describePodTemplate(objectAt(job, 'spec', 'template')),
  ]
}
