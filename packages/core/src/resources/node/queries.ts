/** What can be asked about a Node without changing anything: its conditions, its taints, who tolerates them. */
import type { Node, NodeCondition, Taint, Toleration } from '../../api/generated/types.js'

export const unreachableTaint = 'node.kubernetes.io/unreachable'
export const notReadyTaint = 'node.kubernetes.io/not-ready'
export const unschedulableTaint = 'node.kubernetes.io/unschedulable'
export const outOfServiceTaint = 'node.kubernetes.io/out-of-service'

export const nodeCondition = (node: Node, type: string): NodeCondition | undefined =>
  node.status.conditions?.find((condition) => condition.type === type)

/** The Ready condition is True. */
export const isNodeReady = (node: Node): boolean => nodeCondition(node, 'Ready')?.status === 'True'

/** Follows Toleration.ToleratesTaint in staging/src/k8s.io/api/core/v1/toleration.go. */
export const tolerates = (toleration: Toleration, taint: Taint): boolean => {
  if (toleration.effect !== undefined && toleration.effect !== taint.effect) return false
  if (toleration.key !== undefined && toleration.key !== '' && toleration.key !== taint.key) return false
  if (toleration.operator === 'Exists') return true
  return (toleration.operator ?? 'Equal') === 'Equal' && (toleration.value ?? '') === (taint.value ?? '')
}

export const isTolerated = (taint: Taint, tolerations: readonly Toleration[] | undefined): boolean =>
  tolerations !== undefined && tolerations.some((toleration) => tolerates(toleration, taint))
