import * as fc from 'fast-check'
import type { OutsideStep } from '../history.js'

const position = fc.nat({ max: 4 })

/** A step of one kind, its fields drawn. */
const step = <K extends OutsideStep['kind']>(
  kind: K,
  fields: { readonly [P in string]?: fc.Arbitrary<unknown> },
): fc.Arbitrary<OutsideStep> =>
  // What `record` makes has exactly the fields of that kind.
  fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<OutsideStep>

const retention = fc.constantFrom('Retain' as const, 'Delete' as const)

const deletePod = position.map((pod): OutsideStep => ({ kind: 'DeletePod', pod }))

/** What people do: kubectl scale, set image, delete, cordon, drain. */
export const userStep = (): fc.Arbitrary<OutsideStep> =>
  fc.oneof(
    step('Scale', { replicas: fc.nat({ max: 5 }) }),
    step('Scale', { replicas: fc.nat({ max: 5 }) }),
    step('SetTemplate', { version: fc.nat({ max: 3 }) }),
    step('SetTemplate', { version: fc.nat({ max: 3 }) }),
    step('SetPartition', { partition: fc.nat({ max: 4 }) }),
    step('SetRetention', { whenDeleted: retention, whenScaled: retention }),
    deletePod,
    deletePod,
    step('DeleteClaim', { claim: position }),
    step('Cordon', { node: position }),
    step('Uncordon', { node: position }),
    step('Drain', { node: position }),
    step('RelabelPod', { pod: position, app: fc.constantFrom('web', 'other') }),
  )

/** Deletes the set, with or without its Pods, and makes it again. */
export const lifeStep = (): fc.Arbitrary<OutsideStep> =>
  fc.oneof(
    step('DeleteSet', { policy: fc.constantFrom('Background' as const, 'Foreground' as const, 'Orphan' as const) }),
    step('CreateSet', {}),
    step('CreateSet', {}),
  )

/** Deletes a Pod's object whatever its processes do: what makes two Pods of one identity possible. */
export const forceStep = (): fc.Arbitrary<OutsideStep> => step('DeletePod', { pod: position, graceSeconds: fc.constant(0) })

/** Containers that crash, probes that fail. */
export const podFaultStep = (): fc.Arbitrary<OutsideStep> =>
  fc.oneof(
    step('CrashContainer', { pod: position }),
    step('CrashLoop', { pod: position }),
    step('FailProbe', { pod: position }),
    step('SlowStart', { pod: position }),
    step('HealPods', { pod: position }),
  )

export const nodeFaultStep = (): fc.Arbitrary<OutsideStep> =>
  fc
    .record({
      kind: fc.constantFrom(
        'CrashNode' as const,
        'RestartNode' as const,
        'PartitionNode' as const,
        'ReconnectNode' as const,
        'HangKubelet' as const,
        'ResumeKubelet' as const,
      ),
      node: position,
    })
    .map((made): OutsideStep => made)

const controllers = fc.constantFrom(
  'statefulset-controller',
  'statefulset-controller',
  'statefulset-controller',
  'kubelet',
  'default-scheduler',
  'persistentvolume-controller',
  'garbage-collector-controller',
)

/** Controllers that crash, caches that lag, API calls that go wrong. */
export const machineryStep = (): fc.Arbitrary<OutsideStep> =>
  fc.oneof(
    step('CrashController', { controller: controllers }),
    step('RestartController', { controller: controllers }),
    step('Lag', {
      controller: controllers,
      objectKind: fc.constantFrom('Pod', 'Pod', 'StatefulSet', 'PersistentVolumeClaim', 'ControllerRevision'),
      lagMs: fc.constantFrom(0, 20, 500, 5_000),
    }),
    step('Fault', {
      fault: fc.constantFrom(
        'conflict' as const,
        'lost-answer' as const,
        'lost-request' as const,
        'too-many-requests' as const,
        'internal-error' as const,
      ),
      times: fc.integer({ min: 1, max: 3 }),
      controller: controllers,
    }),
  )

export const waitStep = (): fc.Arbitrary<OutsideStep> => step('Wait', { ms: fc.constantFrom(1, 40, 400, 1_500, 6_000, 30_000) })
