/** What may change in a Pod. Follows ValidatePodUpdate and ValidatePodStatusUpdate in pkg/apis/core/validation/validation.go. */
import type { Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { Container, ContainerStatus, ObjectMeta, Pod, PodSpec } from '../generated/types.js'
import type { Loose } from '../loose.js'
import { forbiddenField, immutableMessage, invalidValue, required, type Errors } from './field-errors.js'
import { internalForm } from './internal-form.js'
import { differenceText } from './line-difference.js'
import { complain, dnsSubdomain, ipAddress, qualifiedName } from './names.js'
import { checkObjectMetaUpdate } from './object-meta.js'
import { checkPod, checkTolerations } from './pod-spec.js'

type LoosePod = Loose<Pod>
type LoosePodSpec = Loose<PodSpec>

const same = (left: unknown, right: unknown): boolean => left === right || deepEqual(left as Json | undefined, right as Json | undefined)

const changeable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

// Follows ValidateContainerUpdates. True: stop here.
const checkContainerUpdates = (
  errors: Errors,
  field: string,
  next: readonly Loose<Container>[],
  stored: readonly Loose<Container>[],
): boolean => {
  if (next.length !== stored.length) {
    errors.push(forbiddenField(field, 'pod updates may not add or remove containers'))
    return true
  }
  for (const [index, { image = '' }] of next.entries()) {
    if (image === '') errors.push(required(`${field}[${index}].image`))
    if (image.trim() !== image) errors.push(invalidValue(`${field}[${index}].image`, image, 'must not have leading or trailing whitespace'))
  }
  return false
}

const withImagesOf = (next: LoosePodSpec['containers'], stored: LoosePodSpec['containers']): LoosePodSpec['containers'] =>
  next?.map((container, index) => {
    const image = stored?.[index]?.image
    if (image === undefined || image === container.image) return container
    return { ...container, image }
  })

const without = <T extends object>(object: T, name: keyof T): T => {
  const { [name]: _, ...rest } = object
  return rest as T
}

const put = <T extends object, K extends keyof T>(object: T, name: K, value: T[K] | undefined): T =>
  value === undefined ? without(object, name) : { ...object, [name]: value }

export const checkPodUpdate = (errors: Errors, next: LoosePod, stored: LoosePod): void => {
  checkObjectMetaUpdate(errors, next.metadata as ObjectMeta | undefined, (stored.metadata ?? {}) as ObjectMeta)
  const [after, before] = [next.spec ?? {}, stored.spec ?? {}]
  // The very spec that is stored: it has passed all that follows.
  if (after === before) return
  checkPod(errors, next)
  if (checkContainerUpdates(errors, 'spec.containers', after.containers ?? [], before.containers ?? [])) return
  if (checkContainerUpdates(errors, 'spec.initContainers', after.initContainers ?? [], before.initContainers ?? [])) return
  const deadline = after.activeDeadlineSeconds
  if (deadline !== undefined) {
    if (deadline < 0 || deadline > 2_147_483_647) {
      errors.push(invalidValue('spec.activeDeadlineSeconds', deadline, 'must be between 0 and 2147483647, inclusive'))
      return
    }
    if (before.activeDeadlineSeconds !== undefined && before.activeDeadlineSeconds < deadline) {
      errors.push(invalidValue('spec.activeDeadlineSeconds', deadline, 'must be less than or equal to previous value'))
      return
    }
  } else if (before.activeDeadlineSeconds !== undefined) {
    errors.push(invalidValue('spec.activeDeadlineSeconds', 'null', 'must not update from a positive integer to nil value'))
  }
  const kept = (before.tolerations ?? []).every((old) =>
    (after.tolerations ?? []).some((toleration) => same(put(old, 'tolerationSeconds', toleration.tolerationSeconds), toleration)),
  )
  if (!kept) errors.push(forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'))
  else checkTolerations(errors, 'spec.tolerations', after.tolerations ?? [])
  for (const [index, { name = '' }] of (after.schedulingGates ?? []).entries()) {
    if (!(before.schedulingGates ?? []).some((gate) => gate.name === name)) {
      errors.push(
        forbiddenField(`spec.schedulingGates[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`),
      )
    }
  }
  let munged = after
  if (after.containers !== undefined) munged = put(munged, 'containers', withImagesOf(after.containers, before.containers))
  if (after.initContainers !== undefined) munged = put(munged, 'initContainers', withImagesOf(after.initContainers, before.initContainers))
  for (const name of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations'] as const) munged = put(munged, name, before[name])
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && after.terminationGracePeriodSeconds === 1)
    munged = put(munged, 'terminationGracePeriodSeconds', before.terminationGracePeriodSeconds)
  if ((before.schedulingGates ?? []).length > 0) munged = withGatedChanges(errors, munged, before)
  if (same(munged, before)) return
  errors.push(forbiddenField('spec', `${changeable}\n${differenceText(internalForm(before, 'PodSpec'), internalForm(munged, 'PodSpec'))}`))
}

// A Pod that waits behind scheduling gates may be narrowed to fewer nodes.
const withGatedChanges = (errors: Errors, munged: LoosePodSpec, before: LoosePodSpec): LoosePodSpec => {
  let next = munged
  if (!same(next.nodeSelector ?? {}, before.nodeSelector ?? {})) {
    for (const [key, value] of Object.entries(before.nodeSelector ?? {})) {
      const now = next.nodeSelector?.[key]
      if (now !== value)
        errors.push(
          invalidValue(
            'spec.nodeSelector',
            (next.nodeSelector ?? null) as Json,
            `only additions to spec.nodeSelector are allowed (no mutations or deletions)`,
          ),
        )
    }
    next = put(next, 'nodeSelector', before.nodeSelector)
  }
  if (!same(next.affinity?.nodeAffinity, before.affinity?.nodeAffinity)) {
    const affinity = put(next.affinity ?? {}, 'nodeAffinity', before.affinity?.nodeAffinity)
    next = put(next, 'affinity', before.affinity === undefined && Object.keys(affinity).length === 0 ? undefined : affinity)
  }
  return next
}

type Statuses = readonly Loose<ContainerStatus>[] | undefined

// Follows ValidateContainerStateTransition.
const checkTransitions = (
  errors: Errors,
  field: string,
  next: Statuses,
  stored: Statuses,
  restartPolicy: string,
  sidecars: ReadonlySet<string>,
): void => {
  for (const [index, old] of (stored ?? []).entries()) {
    if (old.state?.terminated === undefined) continue
    if ((old.state.terminated.exitCode ?? 0) !== 0 && restartPolicy === 'OnFailure') continue
    if (sidecars.has(old.name ?? '')) continue
    if ((next ?? []).some((status) => status.name === old.name && status.state?.terminated === undefined)) {
      errors.push(forbiddenField(`${field}[${index}].state`, 'may not be transitioned to non-terminated state'))
    }
  }
}

const none: ReadonlySet<string> = new Set()

export const checkPodStatusUpdate = (errors: Errors, next: LoosePod, stored: LoosePod): void => {
  checkObjectMetaUpdate(errors, next.metadata as ObjectMeta | undefined, (stored.metadata ?? {}) as ObjectMeta)
  const [after, before] = [next.status ?? {}, stored.status ?? {}]
  after.conditions?.forEach(({ type = '' }, index) => {
    if (type === 'PodScheduled' || type === 'Ready' || type === 'Initialized') return
    const complaints = qualifiedName(type)
    if (complaints.length > 0) complain(errors, `status.conditions[${index}].Type`, type, complaints)
  })
  const nominated = after.nominatedNodeName ?? ''
  if (nominated !== '' && nominated !== before.nominatedNodeName)
    complain(errors, 'status.nominatedNodeName', nominated, dnsSubdomain(nominated))
  if (after.qosClass !== before.qosClass) errors.push(invalidValue('status.qosClass', after.qosClass ?? '', immutableMessage))
  const restartPolicy = stored.spec?.restartPolicy ?? 'Always'
  if (restartPolicy !== 'Always') {
    const restartable = new Set(
      (stored.spec?.initContainers ?? []).flatMap(({ name, restartPolicy: own }) => (own === 'Always' && name !== undefined ? [name] : [])),
    )
    // A container with rules of its own may come back whatever the Pod's policy says.
    const ruled = new Set(
      (stored.spec?.containers ?? []).flatMap(({ name, restartPolicy: own, restartPolicyRules }) =>
        (own ?? restartPolicyRules) !== undefined && name !== undefined ? [name] : [],
      ),
    )
    checkTransitions(errors, 'status.containerStatuses', after.containerStatuses, before.containerStatuses, restartPolicy, ruled)
    checkTransitions(
      errors,
      'status.initContainerStatuses',
      after.initContainerStatuses,
      before.initContainerStatuses,
      restartPolicy,
      restartable,
    )
  }
  checkTransitions(
    errors,
    'status.ephemeralContainerStatuses',
    after.ephemeralContainerStatuses,
    before.ephemeralContainerStatuses,
    'Never',
    none,
  )
  // The first address is the old single field (normalizePodIP sees to that).
  if (after.podIP === before.podIP) return
  after.podIPs?.forEach(({ ip = '' }, index) => {
    complain(errors, `status.podIPs[${index}]`, ip, ipAddress(ip))
  })
}
