/** Descriptions of LimitRanges and ResourceQuotas. Follows DescribeLimitRanges and describeQuota in kubectl/pkg/describe/describe.go. */
import type { KubernetesObject } from '@statefold/core'
import type { Call } from '../command.js'
import { at, jsonOf, listAt, objectAt, sortedNames, textAt, wordOf } from '../json-object.js'
import { nameAndNamespace, type Lines } from './lines.js'

const columns = 'Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio'
const rule = '----\t--------\t---\t---\t---------------\t-------------\t-----------------------'

/** A row for each resource that a limit speaks of; `indent` stands before the type. */
export const limitRows = (objects: readonly KubernetesObject[], indent: string): Lines => [
  `${indent}${columns}`,
  `${indent}${rule}`,
  ...objects.flatMap((object) =>
    listAt(jsonOf(object), 'spec', 'limits').flatMap((limit) => {
      const amounts = ['min', 'max', 'defaultRequest', 'default', 'maxLimitRequestRatio'] as const
      const names = sortedNames(Object.fromEntries(amounts.flatMap((field) => Object.entries(objectAt(limit, field)))))
      return names.map((name) => {
        const cells = amounts.map((field) => wordOf(at(limit, field, name)) || '-')
        return [`${indent}${textAt(limit, 'type')}`, name, ...cells].join('\t')
      })
    }),
  ),
]

export const describeLimitRange = (_call: Call, object: KubernetesObject): Lines => [
  ...nameAndNamespace(jsonOf(object)),
  ...limitRows([object], ''),
]

/** What the quota's status knows: nobody counts here. */
export const describeResourceQuota = (_call: Call, object: KubernetesObject): Lines => {
  const quota = jsonOf(object)
  const hard = objectAt(quota, 'status', 'hard')
  return [
    ...nameAndNamespace(quota),
    'Resource\tUsed\tHard',
    '--------\t----\t----',
    ...sortedNames(hard).map((name) => `${name}\t${wordOf(at(quota, 'status', 'used', name)) || '0'}\t${wordOf(hard[name])}`),
  ]
}
