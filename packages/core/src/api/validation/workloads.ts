/** StatefulSets, Deployments, ReplicaSets, DaemonSets, ReplicationControllers and ControllerRevisions. Follows pkg/apis/apps/validation/validation.go (v1.36). */
import { extended } from '../../kernel/extended.js'
import type { Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  LabelSelector,
  ObjectMeta,
  PodTemplateSpec,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../generated/types.js'
import type { Loose } from '../loose.js'
import { forbiddenField, immutableMessage, invalidValue, notNegative, notSupported, required, type Errors } from './field-errors.js'
import { internalForm } from './internal-form.js'
import { checkLabelSelector, isEmptySelector, isUsableSelector, selectorForm, selects } from './labels.js'
import { complain, dnsLabel, dnsSubdomain, percentSentence } from './names.js'
import { checkObjectMeta, checkObjectMetaUpdate, type NameRule } from './object-meta.js'
import { checkPodTemplate } from './pod-spec.js'
import { checkClaimSpec } from './volumes.js'

type Meta = { readonly metadata?: object }

const same = (left: unknown, right: unknown): boolean => left === right || deepEqual(left as Json | undefined, right as Json | undefined)

/** Metadata of a new object. */
export const checkNewMeta = (errors: Errors, object: Meta, rule: NameRule): void =>
  checkObjectMeta(errors, object.metadata as ObjectMeta | undefined, rule)
/** Metadata of a changed object. */
export const checkChangedMeta = (errors: Errors, next: Meta, stored: Meta): void =>
  checkObjectMetaUpdate(errors, next.metadata as ObjectMeta | undefined, (stored.metadata ?? {}) as ObjectMeta)

const mismatch = '`selector` does not match template `labels`'

type Labels = { readonly [key: string]: string }

const labelsForm = (labels: Labels | undefined): Json =>
  labels === undefined || Object.keys(labels).length === 0
    ? null
    : Object.fromEntries(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)))

const checkMatch = (errors: Errors, template: Loose<PodTemplateSpec> | undefined, matches: boolean): void => {
  if (!matches) errors.push(invalidValue('spec.template.metadata.labels', labelsForm(template?.metadata?.labels), mismatch))
}

const checkRestart = (errors: Errors, template: Loose<PodTemplateSpec>, kind: string): void => {
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec ?? {}
  if (restartPolicy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']))
  if (activeDeadlineSeconds !== undefined)
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`))
}

const checkSelector = (errors: Errors, selector: Loose<LabelSelector> | undefined, kind: string): void => {
  if (selector === undefined) {
    errors.push(required('spec.selector'))
    return
  }
  checkLabelSelector(errors, 'spec.selector', selector)
  if (isEmptySelector(selector)) errors.push(invalidValue('spec.selector', selectorForm(selector), `empty selector is invalid for ${kind}`))
}

/** A missing selector selects nothing, an empty one is not looked at further. */
const fits = (selector: Loose<LabelSelector> | undefined, template: Loose<PodTemplateSpec> | undefined): boolean =>
  selector !== undefined && (isEmptySelector(selector) || selects(selector, template?.metadata?.labels ?? {}))

// ---------------------------------------------------------------- StatefulSet

const retentionPolicies = ['Retain', 'Delete']

// The volumes that the controller will add for the claims take the place of volumes of the same name. Follows ValidatePodTemplateSpecForStatefulSet.
const templateWithClaims = (spec: NonNullable<Loose<StatefulSet>['spec']>): Loose<PodTemplateSpec> => {
  const { template = {}, volumeClaimTemplates } = spec
  if (volumeClaimTemplates === undefined || volumeClaimTemplates.length === 0) return template
  const names = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? '')
  // Claims of one name make one volume.
  const volumes = [...new Set(names)].map((name) => ({ name, persistentVolumeClaim: { claimName: name, readOnly: false } }))
  return {
    ...template,
    spec: extended(template.spec ?? {}, {
      volumes: [...volumes, ...(template.spec?.volumes ?? []).filter(({ name }) => !names.includes(name ?? ''))],
    }),
  }
}

const checkRetention = (errors: Errors, field: string, choice: string | undefined): void => {
  if (choice !== undefined && !retentionPolicies.includes(choice)) errors.push(notSupported(field, choice, retentionPolicies))
}

const checkStatefulSetSpec = (
  errors: Errors,
  spec: NonNullable<Loose<StatefulSet>['spec']>,
  stored?: NonNullable<Loose<StatefulSet>['spec']>,
): void => {
  const policy = spec.podManagementPolicy ?? ''
  if (policy === '') errors.push(required('spec.podManagementPolicy'))
  else if (policy !== 'OrderedReady' && policy !== 'Parallel')
    errors.push(invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  const strategy = spec.updateStrategy ?? {}
  switch (strategy.type ?? '') {
    case '':
      errors.push(required('spec.updateStrategy'))
      break
    case 'OnDelete':
      if (strategy.rollingUpdate !== undefined) {
        errors.push(
          invalidValue(
            'spec.updateStrategy.rollingUpdate',
            internalForm(strategy.rollingUpdate, 'RollingUpdateStatefulSetStrategy'),
            "only allowed for updateStrategy 'RollingUpdate'",
          ),
        )
      }
      break
    case 'RollingUpdate':
      notNegative(errors, 'spec.updateStrategy.rollingUpdate.partition', strategy.rollingUpdate?.partition)
      break
    default:
      errors.push(
        invalidValue('spec.updateStrategy', internalForm(strategy, 'StatefulSetUpdateStrategy'), "must be 'RollingUpdate' or 'OnDelete'"),
      )
  }
  const retention = spec.persistentVolumeClaimRetentionPolicy
  checkRetention(errors, 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted', retention?.whenDeleted)
  checkRetention(errors, 'spec.persistentVolumeClaimRetentionPolicy.whenScaled', retention?.whenScaled)
  notNegative(errors, 'spec.replicas', spec.replicas)
  notNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
  notNegative(errors, 'spec.ordinals.start', spec.ordinals?.start)
  // What is stored already need not be looked at again (and older servers let more pass).
  if (spec.volumeClaimTemplates !== undefined && !same(spec.volumeClaimTemplates, stored?.volumeClaimTemplates)) {
    if (stored === undefined)
      for (const [index, claim] of spec.volumeClaimTemplates.entries())
        checkClaimSpec(errors, `spec.volumeClaimTemplates[${index}].spec`, claim.spec ?? {})
  }
  if ((spec.serviceName ?? '') !== '' && stored === undefined)
    complain(errors, 'spec.serviceName', spec.serviceName ?? '', dnsLabel(spec.serviceName ?? ''))
  if (stored !== undefined && spec.selector === stored.selector && spec.template === stored.template) return
  checkSelector(errors, spec.selector, 'statefulset')
  if (spec.selector !== undefined && !isUsableSelector(spec.selector)) {
    errors.push(invalidValue('spec.selector', selectorForm(spec.selector), ''))
    return
  }
  checkMatch(errors, spec.template, fits(spec.selector, spec.template))
  if (stored === undefined || spec.template !== stored.template) checkPodTemplate(errors, 'spec.template', templateWithClaims(spec))
  checkRestart(errors, spec.template ?? {}, 'StatefulSet')
}

export const checkNewStatefulSet = (errors: Errors, set: Loose<StatefulSet>): void => {
  checkNewMeta(errors, set, dnsLabel)
  checkStatefulSetSpec(errors, set.spec ?? {})
}

export const checkStatefulSetUpdate = (errors: Errors, next: Loose<StatefulSet>, stored: Loose<StatefulSet>): void => {
  checkChangedMeta(errors, next, stored)
  const [after, before] = [next.spec ?? {}, stored.spec ?? {}]
  if (after === before) return
  checkStatefulSetSpec(errors, after, before)
  if (
    same(after.selector, before.selector) &&
    same(after.serviceName, before.serviceName) &&
    same(after.podManagementPolicy, before.podManagementPolicy) &&
    same(after.volumeClaimTemplates, before.volumeClaimTemplates)
  )
    return
  errors.push(
    forbiddenField(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  )
}

type Counts = { readonly [name: string]: unknown }

const countOf = (status: Counts, name: string): number => {
  const value = status[name]
  return typeof value === 'number' ? value : 0
}

const checkCounts = (errors: Errors, status: Counts, names: readonly string[]): void => {
  for (const name of names) notNegative(errors, `status.${name}`, countOf(status, name))
}

const checkAtMost = (errors: Errors, status: Counts, names: readonly string[], other: string, sentence: string): void => {
  for (const name of names)
    if (countOf(status, name) > countOf(status, other)) errors.push(invalidValue(`status.${name}`, countOf(status, name), sentence))
}

const ofReplicas = 'cannot be greater than status.replicas'

const checkCollisions = (errors: Errors, after: Counts, before: Counts): void => {
  if (countOf(after, 'collisionCount') < countOf(before, 'collisionCount'))
    errors.push(invalidValue('status.collisionCount', countOf(after, 'collisionCount'), 'cannot be decremented'))
}

export const checkStatefulSetStatus = (errors: Errors, next: Loose<StatefulSet>, stored: Loose<StatefulSet>): void => {
  const [status, before] = [(next.status ?? {}) as Counts, (stored.status ?? {}) as Counts]
  checkCounts(errors, status, [
    'replicas',
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
    'observedGeneration',
    'collisionCount',
  ])
  checkAtMost(errors, status, ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'], 'replicas', ofReplicas)
  checkAtMost(errors, status, ['availableReplicas'], 'readyReplicas', 'cannot be greater than status.readyReplicas')
  checkChangedMeta(errors, next, stored)
  checkCollisions(errors, status, before)
}

// ---------------------------------------------------------------- Deployment, ReplicaSet, DaemonSet

const percent = /^[0-9]+%$/

/** Follows ValidatePositiveIntOrPercent. */
export const checkIntOrPercent = (errors: Errors, field: string, value: number | string): void => {
  if (typeof value === 'number') notNegative(errors, field, value)
  else if (!percent.test(value)) errors.push(invalidValue(field, value, percentSentence))
}

/** Follows IsNotMoreThan100Percent. */
export const checkAtMostHundredPercent = (errors: Errors, field: string, value: number | string): void => {
  if (typeof value === 'string' && percent.test(value) && Number(value.slice(0, -1)) > 100)
    errors.push(invalidValue(field, value, 'must not be greater than 100%'))
}

const amountOf = (value: number | string | undefined): number =>
  typeof value === 'string' ? Number.parseInt(value, 10) || 0 : (value ?? 0)

const checkTemplateFor = (
  errors: Errors,
  selector: Loose<LabelSelector> | undefined,
  template: Loose<PodTemplateSpec>,
  kind: string,
): void => {
  checkMatch(errors, template, fits(selector, template))
  checkPodTemplate(errors, 'spec.template', template)
  checkRestart(errors, template, kind)
}

const checkDeploymentSpec = (errors: Errors, spec: NonNullable<Loose<Deployment>['spec']>): void => {
  notNegative(errors, 'spec.replicas', spec.replicas)
  const { selector, template = {}, strategy = {} } = spec
  checkSelector(errors, selector, 'deployment')
  if (selector !== undefined && !isUsableSelector(selector))
    errors.push(invalidValue('spec.selector', selectorForm(selector), 'invalid label selector'))
  else checkTemplateFor(errors, selector, template, 'ReplicaSet')
  const type = strategy.type ?? ''
  const rolling = strategy.rollingUpdate
  if (type === 'Recreate') {
    if (rolling !== undefined)
      errors.push(forbiddenField('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"))
  } else if (type === 'RollingUpdate') {
    if (rolling === undefined) errors.push(required('spec.strategy.rollingUpdate', 'this should be defaulted and never be nil'))
    else {
      const { maxUnavailable = 0, maxSurge = 0 } = rolling
      checkIntOrPercent(errors, 'spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable)
      checkIntOrPercent(errors, 'spec.strategy.rollingUpdate.maxSurge', maxSurge)
      if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0)
        errors.push(invalidValue('spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
      checkAtMostHundredPercent(errors, 'spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable)
    }
  } else
    errors.push(
      notSupported('spec.strategy', { Type: type, RollingUpdate: rolling === undefined ? null : internalForm(rolling, 'RollingUpdate') }, [
        'Recreate',
        'RollingUpdate',
      ]),
    )
  notNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
  notNegative(errors, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
  const deadline = spec.progressDeadlineSeconds
  if (deadline !== undefined) {
    notNegative(errors, 'spec.progressDeadlineSeconds', deadline)
    if (deadline <= (spec.minReadySeconds ?? 0))
      errors.push(invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'))
  }
}

const checkFixedSelector = (errors: Errors, after: Loose<LabelSelector> | undefined, before: Loose<LabelSelector> | undefined): void => {
  if (!same(after, before)) errors.push(invalidValue('spec.selector', after === undefined ? 'null' : selectorForm(after), immutableMessage))
}

export const checkNewDeployment = (errors: Errors, deployment: Loose<Deployment>): void => {
  checkNewMeta(errors, deployment, dnsSubdomain)
  checkDeploymentSpec(errors, deployment.spec ?? {})
}

export const checkDeploymentUpdate = (errors: Errors, next: Loose<Deployment>, stored: Loose<Deployment>): void => {
  checkChangedMeta(errors, next, stored)
  if (next.spec === stored.spec) return
  checkDeploymentSpec(errors, next.spec ?? {})
  checkFixedSelector(errors, next.spec?.selector, stored.spec?.selector)
}

export const checkDeploymentStatus = (errors: Errors, next: Loose<Deployment>, stored: Loose<Deployment>): void => {
  checkChangedMeta(errors, next, stored)
  const [status, before] = [(next.status ?? {}) as Counts, (stored.status ?? {}) as Counts]
  checkCounts(errors, status, [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ])
  checkAtMost(errors, status, ['updatedReplicas', 'readyReplicas', 'availableReplicas'], 'replicas', ofReplicas)
  checkAtMost(errors, status, ['availableReplicas'], 'readyReplicas', 'cannot be greater than readyReplicas')
  checkCollisions(errors, status, before)
}

const checkReplicaSetSpec = (errors: Errors, spec: NonNullable<Loose<ReplicaSet>['spec']>): void => {
  notNegative(errors, 'spec.replicas', spec.replicas)
  notNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
  checkSelector(errors, spec.selector, 'deployment')
  if (spec.selector !== undefined && !isUsableSelector(spec.selector))
    errors.push(invalidValue('spec.selector', selectorForm(spec.selector), 'invalid label selector'))
  else checkTemplateFor(errors, spec.selector, spec.template ?? {}, 'ReplicaSet')
}

export const checkNewReplicaSet = (errors: Errors, set: Loose<ReplicaSet>): void => {
  checkNewMeta(errors, set, dnsSubdomain)
  checkReplicaSetSpec(errors, set.spec ?? {})
}

export const checkReplicaSetUpdate = (errors: Errors, next: Loose<ReplicaSet>, stored: Loose<ReplicaSet>): void => {
  checkChangedMeta(errors, next, stored)
  if (next.spec === stored.spec) return
  checkReplicaSetSpec(errors, next.spec ?? {})
  checkFixedSelector(errors, next.spec?.selector, stored.spec?.selector)
}

export const checkReplicaSetStatus = (errors: Errors, next: Loose<ReplicaSet>, stored: Loose<ReplicaSet>): void => {
  checkChangedMeta(errors, next, stored)
  const status = (next.status ?? {}) as Counts
  checkCounts(errors, status, [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'terminatingReplicas',
    'observedGeneration',
  ])
  checkAtMost(errors, status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], 'replicas', ofReplicas)
  checkAtMost(errors, status, ['availableReplicas'], 'readyReplicas', 'cannot be greater than readyReplicas')
}

const checkDaemonSetSpec = (errors: Errors, spec: NonNullable<Loose<DaemonSet>['spec']>): void => {
  const { selector, template = {}, updateStrategy = {} } = spec
  if (selector !== undefined) checkLabelSelector(errors, 'spec.selector', selector)
  const usable = selector === undefined || isUsableSelector(selector)
  if (
    usable &&
    !(selector !== undefined && !isEmptySelector(selector) && selects(selector, template.metadata?.labels ?? {})) &&
    (selector === undefined || !isEmptySelector(selector))
  ) {
    checkMatch(errors, template, false)
  }
  if (selector !== undefined && isEmptySelector(selector))
    errors.push(invalidValue('spec.selector', selectorForm(selector), 'empty selector is invalid for daemonset'))
  checkPodTemplate(errors, 'spec.template', template)
  checkRestart(errors, template, 'DaemonSet')
  notNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
  const { type = '', rollingUpdate } = updateStrategy
  const path = 'spec.updateStrategy.rollingUpdate'
  if (type === 'RollingUpdate') {
    if (rollingUpdate === undefined) errors.push(required(path))
    else {
      const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate
      checkIntOrPercent(errors, `${path}.maxUnavailable`, maxUnavailable)
      checkIntOrPercent(errors, `${path}.maxSurge`, maxSurge)
      const [unavailable, surge] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0]
      if (unavailable && surge) errors.push(invalidValue(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
      else if (!unavailable && !surge) errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
      checkAtMostHundredPercent(errors, `${path}.maxUnavailable`, maxUnavailable)
      checkAtMostHundredPercent(errors, `${path}.maxSurge`, maxSurge)
    }
  } else if (type !== 'OnDelete') {
    errors.push(
      notSupported(
        'spec.updateStrategy',
        { Type: type, RollingUpdate: rollingUpdate === undefined ? null : internalForm(rollingUpdate, 'RollingUpdate') },
        ['RollingUpdate', 'OnDelete'],
      ),
    )
  }
  notNegative(errors, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
}

export const checkNewDaemonSet = (errors: Errors, set: Loose<DaemonSet>): void => {
  checkNewMeta(errors, set, dnsSubdomain)
  checkDaemonSetSpec(errors, set.spec ?? {})
}

export const checkDaemonSetUpdate = (errors: Errors, next: Loose<DaemonSet>, stored: Loose<DaemonSet>): void => {
  checkChangedMeta(errors, next, stored)
  if (next.spec === stored.spec) return
  checkFixedSelector(errors, next.spec?.selector, stored.spec?.selector)
  checkDaemonSetSpec(errors, next.spec ?? {})
}

export const checkDaemonSetStatus = (errors: Errors, next: Loose<DaemonSet>, stored: Loose<DaemonSet>): void => {
  checkChangedMeta(errors, next, stored)
  const [status, before] = [(next.status ?? {}) as Counts, (stored.status ?? {}) as Counts]
  checkCounts(errors, status, [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
    'collisionCount',
  ])
  checkCollisions(errors, status, before)
}

// ---------------------------------------------------------------- ReplicationController, ControllerRevision

const checkControllerSpec = (errors: Errors, spec: NonNullable<Loose<ReplicationController>['spec']>): void => {
  notNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds)
  const selector = spec.selector ?? {}
  const empty = Object.keys(selector).length === 0
  if (empty) errors.push(required('spec.selector'))
  notNegative(errors, 'spec.replicas', spec.replicas)
  const { template } = spec
  if (template === undefined) {
    errors.push(required('spec.template'))
    return
  }
  checkMatch(errors, template, empty || selects({ matchLabels: selector }, template.metadata?.labels ?? {}))
  checkPodTemplate(errors, 'spec.template', template)
  checkRestart(errors, template, 'ReplicationController')
}

export const checkNewReplicationController = (errors: Errors, controller: Loose<ReplicationController>): void => {
  checkNewMeta(errors, controller, dnsSubdomain)
  checkControllerSpec(errors, controller.spec ?? {})
}

export const checkReplicationControllerUpdate = (
  errors: Errors,
  next: Loose<ReplicationController>,
  stored: Loose<ReplicationController>,
): void => {
  checkChangedMeta(errors, next, stored)
  if (next.spec !== stored.spec) checkControllerSpec(errors, next.spec ?? {})
}

export const checkReplicationControllerStatus = (
  errors: Errors,
  next: Loose<ReplicationController>,
  stored: Loose<ReplicationController>,
): void => {
  checkChangedMeta(errors, next, stored)
  const status = (next.status ?? {}) as Counts
  checkCounts(errors, status, ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'])
  checkAtMost(errors, status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], 'replicas', ofReplicas)
  checkAtMost(errors, status, ['availableReplicas'], 'readyReplicas', 'cannot be greater than readyReplicas')
}

export const checkRevision = (errors: Errors, revision: Loose<ControllerRevision>): void => {
  checkNewMeta(errors, revision, dnsSubdomain)
  notNegative(errors, 'revision', revision.revision)
  if (revision.data === undefined) errors.push(required('data', 'data is mandatory'))
}

export const checkRevisionUpdate = (errors: Errors, next: Loose<ControllerRevision>, stored: Loose<ControllerRevision>): void => {
  checkChangedMeta(errors, next, stored)
  checkRevision(errors, next)
  if (!same(next.data, stored.data)) errors.push(invalidValue('data', (next.data ?? null) as Json, immutableMessage))
}
