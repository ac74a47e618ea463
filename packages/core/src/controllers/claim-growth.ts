/** How far the growth of a claim has come, as its status says. Follows pkg/volume/util/resize_util.go and kubernetes-csi/external-resizer. */
import type { PersistentVolumeClaim } from '../api/generated/types.js'
import { timestampOf, type SimTime } from '../kernel/sim-time.js'

type Status = PersistentVolumeClaim['status']
type Condition = NonNullable<Status['conditions']>[number]
export type ResizeStatus = NonNullable<Status['allocatedResourceStatuses']>[string]

/** Set on the volume while its file system is smaller than it: the size that the claim had before. */
export const preResizeCapacity = 'volume.alpha.kubernetes.io/pre-resize-capacity'

const resizeConditions: ReadonlySet<string> = new Set(['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError'])

export const resizeStatusOf = (claim: PersistentVolumeClaim): ResizeStatus | undefined =>
  claim.status.allocatedResourceStatuses?.['storage']

/** Follows MergeResizeConditionOnPVC: of the conditions about growth only the one given is left, all others stay. */
const withCondition = (
  conditions: readonly Condition[] = [],
  condition: Omit<Condition, 'lastTransitionTime'> | undefined,
  keepsOthers: boolean,
  now: SimTime,
): readonly Condition[] => {
  const kept = conditions.filter(({ type }) => type === condition?.type || keepsOthers || !resizeConditions.has(type))
  if (condition === undefined || kept.some(({ type, status }) => type === condition.type && status === condition.status)) return kept
  return [...kept.filter(({ type }) => type !== condition.type), { ...condition, lastTransitionTime: timestampOf(now) }]
}

export interface Growth {
  /** undefined: nothing is under way any more. */
  readonly resizeStatus: ResizeStatus | undefined
  readonly condition?: Omit<Condition, 'lastTransitionTime'>
  readonly keepsOtherConditions?: boolean
  /** What the driver was asked for. */
  readonly allocated?: string
  /** What there is now. */
  readonly capacity?: string
}

export const withGrowth = (
  claim: PersistentVolumeClaim,
  { resizeStatus, condition, keepsOtherConditions = false, allocated, capacity }: Growth,
  now: SimTime,
): PersistentVolumeClaim => {
  const { conditions: before, allocatedResourceStatuses: statuses = {}, ...others } = claim.status
  const { storage: _, ...otherStatuses } = statuses
  const conditions = withCondition(before, condition, keepsOtherConditions, now)
  const nextStatuses = resizeStatus === undefined ? otherStatuses : { ...otherStatuses, storage: resizeStatus }
  return {
    ...claim,
    status: {
      ...others,
      ...(Object.keys(nextStatuses).length === 0 ? undefined : { allocatedResourceStatuses: nextStatuses }),
      ...(allocated === undefined ? undefined : { allocatedResources: { ...others.allocatedResources, storage: allocated } }),
      ...(capacity === undefined ? undefined : { capacity: { ...others.capacity, storage: capacity } }),
      ...(conditions.length === 0 ? undefined : { conditions }),
    },
  }
}
