/** Descriptions of claims, volumes, storage classes, budgets and the small kinds. Follows kubectl/pkg/describe/describe.go. */
import { ageOf, formatLabelSelector, type KubernetesObject } from '@statefold/core'
import type { Call } from '../command.js'
import { at, jsonOf, listAt, objectAt, sortedNames, textAt, textsAt, wordOf } from '../json-object.js'
import {
  accessModesText,
  annotationLines,
  classOf,
  countText,
  dateText,
  goList,
  intOrStringText,
  level,
  mapText,
  metadataLines,
  nameAndNamespace,
  nameLines,
  type Lines,
} from './lines.js'
import { limitRows } from './limits.js'
import { sourceLines } from './volumes.js'

const statusLine = (call: Call, object: KubernetesObject): string => {
  const deletion = object.metadata.deletionTimestamp
  return deletion === undefined
    ? `Status:\t${textAt(jsonOf(object), 'status', 'phase')}`
    : `Status:\tTerminating (lasts ${ageOf(deletion, call.cluster.now())})`
}

export const describePersistentVolumeClaim = (call: Call, object: KubernetesObject): Lines => {
  const claim = jsonOf(object)
  const volume = textAt(claim, 'spec', 'volumeName')
  const conditions = listAt(claim, 'status', 'conditions')
  const mode = textAt(claim, 'spec', 'volumeMode')
  const source = at(claim, 'spec', 'dataSource')
  return [
    ...nameAndNamespace(claim),
    `StorageClass:\t${classOf(claim)}`,
    statusLine(call, object),
    `Volume:\t${volume}`,
    ...metadataLines(claim),
    `Finalizers:\t${goList(listAt(claim, 'metadata', 'finalizers'))}`,
    `Capacity:\t${volume === '' ? '' : intOrStringText(at(claim, 'status', 'capacity', 'storage')) || '0'}`,
    `Access Modes:\t${volume === '' ? '' : accessModesText(listAt(claim, 'status', 'accessModes'))}`,
    ...(mode === '' ? [] : [`VolumeMode:\t${mode}`]),
    ...(source === undefined || source === null
      ? []
      : [
          'DataSource:',
          ...(at(source, 'apiGroup') === undefined ? [] : [level(1, `APIGroup:\t${textAt(source, 'apiGroup')}`)]),
          level(1, `Kind:\t${textAt(source, 'kind')}`),
          level(1, `Name:\t${textAt(source, 'name')}`),
        ]),
    ...nameLines(
      'Used By',
      call.cluster
        .reader()
        .podsWithClaim(object.metadata.namespace ?? '', object.metadata.name)
        .map((pod) => pod.metadata.name),
    ),
    ...(conditions.length === 0
      ? []
      : [
          'Conditions:',
          level(1, 'Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage'),
          level(1, '----\t------\t-----------------\t------------------\t------\t-------'),
          ...conditions.map((condition) =>
            level(
              1,
              `${textAt(condition, 'type')} \t${textAt(condition, 'status')} \t${dateText(textAt(condition, 'lastProbeTime'))} \t${dateText(textAt(condition, 'lastTransitionTime'))} \t${textAt(condition, 'reason')} \t${textAt(condition, 'message')}`,
            ),
          ),
        ]),
  ]
}

const affinityLines = (terms: ReturnType<typeof listAt> | undefined): Lines => {
  if (terms === undefined) return ['Node Affinity:\t<none>']
  if (terms.length === 0) return ['Node Affinity:\t', level(1, 'Required Terms:\t<none>')]
  return [
    'Node Affinity:\t',
    level(1, 'Required Terms:\t'),
    ...terms.flatMap((term, index) => {
      const expressions = listAt(term, 'matchExpressions').map((expression) => {
        const values = listAt(expression, 'values')
        return `${textAt(expression, 'key')} ${textAt(expression, 'operator').toLowerCase()}${values.length === 0 ? '' : ` [${values.map(String).join(', ')}]`}`
      })
      return expressions.length === 0
        ? [level(2, `Term ${index}:\t<none>`)]
        : expressions.map((expression, place) => (place === 0 ? level(2, `Term ${index}:\t${expression}`) : level(2, `\t${expression}`)))
    }),
  ]
}

export const describePersistentVolume = (call: Call, object: KubernetesObject): Lines => {
  const volume = jsonOf(object)
  const claim = at(volume, 'spec', 'claimRef')
  const mode = textAt(volume, 'spec', 'volumeMode')
  const required = at(volume, 'spec', 'nodeAffinity', 'required')
  return [
    `Name:\t${object.metadata.name}`,
    ...metadataLines(volume),
    `Finalizers:\t${goList(listAt(volume, 'metadata', 'finalizers'))}`,
    `StorageClass:\t${classOf(volume)}`,
    statusLine(call, object),
    `Claim:\t${claim === undefined ? '' : `${textAt(claim, 'namespace')}/${textAt(claim, 'name')}`}`,
    `Reclaim Policy:\t${textAt(volume, 'spec', 'persistentVolumeReclaimPolicy')}`,
    `Access Modes:\t${accessModesText(listAt(volume, 'spec', 'accessModes'))}`,
    ...(mode === '' ? [] : [`VolumeMode:\t${mode}`]),
    `Capacity:\t${intOrStringText(at(volume, 'spec', 'capacity', 'storage')) || '0'}`,
    ...affinityLines(required === undefined ? undefined : listAt(required, 'nodeSelectorTerms')),
    `Message:\t${textAt(volume, 'status', 'message')}`,
    'Source:',
    ...sourceLines(objectAt(volume, 'spec')),
  ]
}

const isDefaultClass = (annotations: Readonly<Record<string, string>>): boolean =>
  annotations['storageclass.kubernetes.io/is-default-class'] === 'true' ||
  annotations['storageclass.beta.kubernetes.io/is-default-class'] === 'true'

export const describeStorageClass = (_call: Call, object: KubernetesObject): Lines => {
  const storageClass = jsonOf(object)
  const annotations = textsAt(storageClass, 'metadata', 'annotations')
  const options = listAt(storageClass, 'mountOptions')
  const expansion = at(storageClass, 'allowVolumeExpansion')
  const [reclaim, binding] = [textAt(storageClass, 'reclaimPolicy'), textAt(storageClass, 'volumeBindingMode')]
  return [
    `Name:\t${object.metadata.name}`,
    `IsDefaultClass:\t${isDefaultClass(annotations) ? 'Yes' : 'No'}`,
    `Annotations:\t${mapText(annotations)}`,
    `Provisioner:\t${textAt(storageClass, 'provisioner')}`,
    `Parameters:\t${mapText(textsAt(storageClass, 'parameters'))}`,
    `AllowVolumeExpansion:\t${expansion === undefined ? '<unset>' : expansion === true ? 'True' : 'False'}`,
    ...(options.length === 0 ? ['MountOptions:\t<none>'] : ['MountOptions:', ...options.map((option) => level(1, wordOf(option)))]),
    ...(reclaim === '' ? [] : [`ReclaimPolicy:\t${reclaim}`]),
    ...(binding === '' ? [] : [`VolumeBindingMode:\t${binding}`]),
  ]
}

export const describePodDisruptionBudget = (_call: Call, object: KubernetesObject): Lines => {
  const budget = jsonOf(object)
  const [least, most] = [at(budget, 'spec', 'minAvailable'), at(budget, 'spec', 'maxUnavailable')]
  const selector = at(budget, 'spec', 'selector')
  return [
    ...nameAndNamespace(budget),
    ...(least !== undefined
      ? [`Min available:\t${intOrStringText(least)}`]
      : most !== undefined
        ? [`Max unavailable:\t${intOrStringText(most)}`]
        : []),
    `Selector:\t${selector === undefined ? '<unset>' : formatLabelSelector(objectAt(budget, 'spec', 'selector'))}`,
    'Status:',
    level(2, `Allowed disruptions:\t${countText(budget, 'status', 'disruptionsAllowed')}`),
    level(2, `Current:\t${countText(budget, 'status', 'currentHealthy')}`),
    level(2, `Desired:\t${countText(budget, 'status', 'desiredHealthy')}`),
    level(2, `Total:\t${countText(budget, 'status', 'expectedPods')}`),
  ]
}

/** How many bytes a base64 text stands for; the bytes themselves are never shown. */
const decodedLength = (base64: string): number => Math.floor((base64.replace(/=+$/, '').length * 3) / 4)

export const describeSecret = (_call: Call, object: KubernetesObject): Lines => {
  const secret = jsonOf(object)
  const content = textsAt(secret, 'data')
  return [
    ...nameAndNamespace(secret),
    ...metadataLines(secret),
    '',
    `Type:\t${textAt(secret, 'type')}`,
    '',
    'Data',
    '====',
    ...sortedNames(content).map((name) => `${name}:\t${decodedLength(content[name] ?? '')} bytes`),
  ]
}

export const describeConfigMap = (_call: Call, object: KubernetesObject): Lines => {
  const map = jsonOf(object)
  const content = textsAt(map, 'data')
  const binary = textsAt(map, 'binaryData')
  return [
    ...nameAndNamespace(map),
    ...metadataLines(map),
    '',
    'Data',
    '====',
    ...sortedNames(content).flatMap((name) => [`${name}:`, '----', ...(content[name] ?? '').split('\n'), '']),
    '',
    'BinaryData',
    '====',
    ...sortedNames(binary).map((name) => `${name}: ${decodedLength(binary[name] ?? '')} bytes`),
    '',
  ]
}

export const describeServiceAccount = (_call: Call, object: KubernetesObject): Lines => {
  const account = jsonOf(object)
  const secrets = listAt(account, 'imagePullSecrets').map((secret) => textAt(secret, 'name'))
  return [
    ...nameAndNamespace(account),
    ...metadataLines(account),
    ...(secrets.length === 0
      ? ['Image pull secrets:\t<none>']
      : secrets.map((name, index) => `${index === 0 ? 'Image pull secrets:' : '                   '}\t${name}`)),
  ]
}

export const describeNamespace = (call: Call, object: KubernetesObject): Lines => {
  const namespace = jsonOf(object)
  const conditions = listAt(namespace, 'status', 'conditions')
  const reader = call.cluster.reader()
  const quotas = reader.listAny('ResourceQuota', object.metadata.name)
  const limits = reader.listAny('LimitRange', object.metadata.name)
  return [
    `Name:\t${object.metadata.name}`,
    ...metadataLines(namespace),
    `Status:\t${textAt(namespace, 'status', 'phase')}`,
    ...(conditions.length === 0
      ? []
      : [
          'Conditions:',
          level(1, 'Type\tStatus\tLastTransitionTime\tReason\tMessage'),
          level(1, '----\t------\t------------------\t------\t-------'),
          ...conditions.map((condition) =>
            level(
              1,
              `${textAt(condition, 'type')}\t${textAt(condition, 'status')}\t${dateText(textAt(condition, 'lastTransitionTime'))}\t${textAt(condition, 'reason')}\t${textAt(condition, 'message')}`,
            ),
          ),
        ]),
    '',
    ...(quotas.length === 0
      ? ['No resource quota.']
      : [
          'Resource Quotas',
          ...quotas.flatMap((quota) => {
            const hard = objectAt(jsonOf(quota), 'status', 'hard')
            return [
              level(1, `Name:\t${quota.metadata.name}`),
              level(1, 'Resource\tUsed\tHard'),
              level(1, '--------\t---\t---'),
              ...sortedNames(hard).map((name) =>
                level(1, `${name}\t${intOrStringText(at(jsonOf(quota), 'status', 'used', name)) || '0'}\t${intOrStringText(hard[name])}`),
              ),
            ]
          }),
        ]),
    '',
    ...(limits.length === 0 ? ['No LimitRange resource.'] : ['Resource Limits', ...limitRows(limits, ' ')]),
  ]
}

export const describePriorityClass = (_call: Call, object: KubernetesObject): Lines => {
  const priorityClass = jsonOf(object)
  return [
    `Name:\t${textAt(priorityClass, 'metadata', 'name')}`,
    `Value:\t${countText(priorityClass, 'value')}`,
    `GlobalDefault:\t${String(at(priorityClass, 'globalDefault') === true)}`,
    `PreemptionPolicy:\t${textAt(priorityClass, 'preemptionPolicy') || 'PreemptLowerPriority'}`,
    `Description:\t${textAt(priorityClass, 'description')}`,
    ...annotationLines('Annotations', textsAt(priorityClass, 'metadata', 'annotations')),
  ]
}
