/** Jobs and CronJobs. Follows pkg/apis/batch/validation/validation.go (v1.36). */
import type { Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { CronJob, Job, JobSpec, PodTemplateSpec } from '../generated/types.js'
import type { Loose } from '../loose.js'
import { immutableMessage, invalidValue, notNegative, notSupported, required, type Errors } from './field-errors.js'
import { internalForm } from './internal-form.js'
import { checkLabelSelector, isEmptySelector, isUsableSelector, selectorForm, selects } from './labels.js'
import { dnsLabel, dnsSubdomain } from './names.js'
import { checkPodTemplate } from './pod-spec.js'
import { checkChangedMeta, checkNewMeta } from './workloads.js'

type LooseSpec = Loose<JobSpec>

const same = (left: unknown, right: unknown): boolean => left === right || deepEqual(left as Json | undefined, right as Json | undefined)

const uidLabel = 'batch.kubernetes.io/controller-uid'

const sorted = (labels: { readonly [key: string]: string } | undefined): Json =>
  labels === undefined || Object.keys(labels).length === 0
    ? null
    : Object.fromEntries(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)))

// Follows validateGeneratedSelector.
const checkGenerated = (errors: Errors, job: Loose<Job>, validateBatchLabels: boolean): void => {
  const { metadata, spec } = job
  if (spec?.manualSelector === true || spec?.selector === undefined) return
  const uid = metadata?.uid ?? ''
  if (uid === '') return
  const labels = spec.template?.metadata?.labels
  const name = metadata?.name ?? ''
  const expected: readonly (readonly [string, string])[] = [
    ['controller-uid', uid],
    ['job-name', name],
    ...(validateBatchLabels
      ? ([
          ['batch.kubernetes.io/job-name', name],
          [uidLabel, uid],
        ] as const)
      : []),
  ]
  for (const [key, value] of expected) {
    if (labels?.[key] === undefined) errors.push(required(`spec.template.metadata.labels[${key}]`, `must be '${value}'`))
    else if (labels[key] !== value) errors.push(invalidValue(`spec.template.metadata.labels[${key}]`, sorted(labels), `must be '${value}'`))
  }
  if (!same(spec.selector, { matchLabels: { [uidLabel]: uid } }))
    errors.push(invalidValue('spec.selector', selectorForm(spec.selector), '`selector` not auto-generated'))
}

const failureActions = ['Count', 'FailIndex', 'FailJob', 'Ignore']

const checkFailurePolicy = (errors: Errors, policy: NonNullable<LooseSpec['podFailurePolicy']>): void => {
  for (const [index, rule] of (policy.rules ?? []).entries()) {
    const path = `spec.podFailurePolicy.rules[${index}]`
    const action = rule.action ?? ''
    if (action === '')
      errors.push(required(`${path}.action`, `valid values: ${failureActions.map((name) => JSON.stringify(name)).join(', ')}`))
    else if (!failureActions.includes(action)) errors.push(notSupported(`${path}.action`, action, failureActions))
    if (rule.onExitCodes !== undefined) {
      const operator = rule.onExitCodes.operator ?? ''
      if (operator !== 'In' && operator !== 'NotIn') errors.push(notSupported(`${path}.onExitCodes.operator`, operator, ['In', 'NotIn']))
      if ((rule.onExitCodes.values ?? []).length === 0)
        errors.push(invalidValue(`${path}.onExitCodes.values`, [], 'at least one value is required'))
    }
    const conditions = rule.onPodConditions ?? []
    if (rule.onExitCodes !== undefined && conditions.length > 0) {
      errors.push({
        field: path,
        reason: 'FieldValueInvalid',
        message: 'Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
      })
    }
    if (rule.onExitCodes === undefined && conditions.length === 0) {
      errors.push({
        field: path,
        reason: 'FieldValueInvalid',
        message: 'Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      })
    }
  }
}

const nonNegativeFields = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const

const checkTemplateRestart = (errors: Errors, field: string, template: Loose<PodTemplateSpec> | undefined): void => {
  const restartPolicy = template?.spec?.restartPolicy ?? ''
  if (restartPolicy === '' || restartPolicy === 'Always')
    errors.push(required(`${field}.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'))
  else if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never')
    errors.push(notSupported(`${field}.spec.restartPolicy`, restartPolicy, ['OnFailure', 'Never']))
}

// Follows validateJobSpec.
const checkSpec = (errors: Errors, field: string, spec: LooseSpec): void => {
  for (const name of nonNegativeFields.slice(0, 5)) notNegative(errors, `${field}.${name}`, spec[name])
  notNegative(errors, `${field}.backoffLimitPerIndex`, spec.backoffLimitPerIndex)
  if (spec.maxFailedIndexes !== undefined) {
    notNegative(errors, `${field}.maxFailedIndexes`, spec.maxFailedIndexes)
    if (spec.backoffLimitPerIndex === undefined)
      errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (spec.managedBy !== undefined && !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(spec.managedBy)) {
    errors.push(invalidValue(`${field}.managedBy`, spec.managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  }
  if (spec.completionMode !== undefined) {
    if (spec.completionMode !== 'NonIndexed' && spec.completionMode !== 'Indexed')
      errors.push(notSupported(`${field}.completionMode`, spec.completionMode, ['NonIndexed', 'Indexed']))
    if (spec.completionMode === 'Indexed') {
      if (spec.completions === undefined) errors.push(required(`${field}.completions`, 'when completion mode is Indexed'))
      if ((spec.parallelism ?? 0) > 100_000)
        errors.push(
          invalidValue(
            `${field}.parallelism`,
            spec.parallelism ?? 0,
            'must be less than or equal to 100000 when completion mode is Indexed',
          ),
        )
    }
  }
  if (spec.completionMode !== 'Indexed') {
    if (spec.backoffLimitPerIndex !== undefined)
      errors.push(invalidValue(`${field}.backoffLimitPerIndex`, spec.backoffLimitPerIndex, 'requires indexed completion mode'))
    if (spec.maxFailedIndexes !== undefined)
      errors.push(invalidValue(`${field}.maxFailedIndexes`, spec.maxFailedIndexes, 'requires indexed completion mode'))
    if (spec.successPolicy !== undefined)
      errors.push(
        invalidValue(`${field}.successPolicy`, internalForm(spec.successPolicy, 'SuccessPolicy'), 'requires indexed completion mode'),
      )
  }
  if (spec.podFailurePolicy !== undefined) checkFailurePolicy(errors, spec.podFailurePolicy)
  const replacement = spec.podReplacementPolicy
  if (replacement !== undefined && replacement !== 'Failed' && replacement !== 'TerminatingOrFailed')
    errors.push(notSupported(`${field}.podReplacementPolicy`, replacement, ['Failed', 'TerminatingOrFailed']))
  if (spec.podFailurePolicy !== undefined && replacement === 'TerminatingOrFailed')
    errors.push(notSupported(`${field}.podReplacementPolicy`, replacement, ['Failed']))
  const { template = {} } = spec
  checkPodTemplate(errors, `${field}.template`, template)
  checkTemplateRestart(errors, `${field}.template`, template)
  const restartPolicy = template.spec?.restartPolicy ?? ''
  if (spec.podFailurePolicy !== undefined && restartPolicy !== 'Never' && restartPolicy !== 'Always') {
    errors.push(
      invalidValue(`${field}.template.spec.restartPolicy`, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified'),
    )
  }
}

// Follows ValidateJobSpec.
const checkJobSpec = (errors: Errors, spec: LooseSpec): void => {
  checkSpec(errors, 'spec', spec)
  const { selector } = spec
  if (selector === undefined) errors.push(required('spec.selector'))
  else checkLabelSelector(errors, 'spec.selector', selector)
  if (selector !== undefined && !isUsableSelector(selector)) return
  const labels = spec.template?.metadata?.labels
  if (selector === undefined || !(isEmptySelector(selector) || selects(selector, labels ?? {}))) {
    errors.push(invalidValue('spec.template.metadata.labels', sorted(labels), '`selector` does not match template `labels`'))
  }
}

export const checkNewJob = (errors: Errors, job: Loose<Job>): void => {
  // Labels that the Job only gets because its template has them are judged there.
  const { labels, ...metadata } = job.metadata ?? {}
  checkNewMeta(errors, labels !== undefined && labels === job.spec?.template?.metadata?.labels ? { metadata } : job, dnsSubdomain)
  checkGenerated(errors, job, true)
  checkJobSpec(errors, job.spec ?? {})
  const { completionMode, completions = 0 } = job.spec ?? {}
  if (completionMode === 'Indexed' && completions > 0) {
    const maximal = `${job.metadata?.name ?? ''}-${completions - 1}`
    if (dnsLabel(maximal).length > 0)
      errors.push(invalidValue('metadata.name', job.metadata?.name ?? '', `will not able to create pod with invalid DNS label: ${maximal}`))
  }
}

/** Of a Job that waits and never ran a Pod, where its Pods may run can still be changed. */
const schedulingFields = ['nodeSelector', 'tolerations', 'affinity', 'schedulingGates'] as const

const withSchedulingOf = (
  template: Loose<PodTemplateSpec> | undefined,
  stored: Loose<PodTemplateSpec> | undefined,
): Loose<PodTemplateSpec> => {
  const spec = { ...template?.spec } as { [name: string]: unknown }
  for (const name of schedulingFields) {
    const value = stored?.spec?.[name]
    if (value === undefined) delete spec[name]
    else spec[name] = value
  }
  return { ...template, spec: spec as NonNullable<Loose<PodTemplateSpec>['spec']> }
}

export const checkJobUpdate = (errors: Errors, next: Loose<Job>, stored: Loose<Job>): void => {
  checkChangedMeta(errors, next, stored)
  const [after, before] = [next.spec ?? {}, stored.spec ?? {}]
  if (after === before) return
  checkGenerated(errors, next, before.template?.metadata?.labels?.[uidLabel] !== undefined)
  checkJobSpec(errors, after)
  if (after.completions !== before.completions) {
    if (after.completionMode !== 'Indexed') errors.push(invalidValue('spec.completions', after.completions ?? 'null', immutableMessage))
    else if (after.completions === undefined) errors.push(required('spec.completions', 'when completion mode is Indexed'))
    else if (after.completions !== after.parallelism)
      errors.push(invalidValue('spec.completions', after.completions, 'can only be modified in tandem with spec.parallelism'))
  }
  if (!same(after.selector, before.selector))
    errors.push(invalidValue('spec.selector', after.selector === undefined ? 'null' : selectorForm(after.selector), immutableMessage))
  const waits = before.suspend === true && stored.status?.startTime === undefined
  const compared = waits ? withSchedulingOf(after.template, before.template) : (after.template ?? {})
  if (!waits && !same(compared.metadata, before.template?.metadata)) {
    errors.push(invalidValue('spec.template.metadata', (after.template?.metadata ?? null) as Json, immutableMessage))
  }
  if (!same(compared.spec, before.template?.spec))
    errors.push(invalidValue('spec.template.spec', internalForm(compared.spec ?? {}, 'PodSpec'), immutableMessage))
  if (after.completionMode !== before.completionMode)
    errors.push(invalidValue('spec.completionMode', after.completionMode ?? 'null', immutableMessage))
  if (!same(after.podFailurePolicy, before.podFailurePolicy))
    errors.push(invalidValue('spec.podFailurePolicy', (after.podFailurePolicy ?? 'null') as Json, immutableMessage))
  if (after.backoffLimitPerIndex !== before.backoffLimitPerIndex)
    errors.push(invalidValue('spec.backoffLimitPerIndex', after.backoffLimitPerIndex ?? 'null', immutableMessage))
  if (after.managedBy !== before.managedBy) errors.push(invalidValue('spec.managedBy', after.managedBy ?? 'null', immutableMessage))
  if (!same(after.successPolicy, before.successPolicy))
    errors.push(
      invalidValue(
        'spec.successPolicy',
        after.successPolicy === undefined ? 'null' : internalForm(after.successPolicy, 'SuccessPolicy'),
        immutableMessage,
      ),
    )
}

export const checkJobStatus = (errors: Errors, next: Loose<Job>, stored: Loose<Job>): void => {
  checkChangedMeta(errors, next, stored)
  const status = next.status ?? {}
  for (const name of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) notNegative(errors, `status.${name}`, status[name])
}

const schedule = /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every .+|\S+( +\S+){4})$/

export const checkCronJob = (errors: Errors, job: Loose<CronJob>): void => {
  const spec = job.spec ?? {}
  const name = job.metadata?.name ?? ''
  if (name.length > 52) errors.push(invalidValue('metadata.name', name, 'must be no more than 52 characters'))
  const text = spec.schedule ?? ''
  if (text === '') errors.push(required('spec.schedule'))
  else if (!schedule.test(text))
    errors.push(invalidValue('spec.schedule', text, `expected exactly 5 fields, found ${text.split(/ +/).length}: [${text}]`))
  notNegative(errors, 'spec.startingDeadlineSeconds', spec.startingDeadlineSeconds)
  const policy = spec.concurrencyPolicy ?? ''
  if (policy === '') errors.push(required('spec.concurrencyPolicy'))
  else if (!['Allow', 'Forbid', 'Replace'].includes(policy))
    errors.push(notSupported('spec.concurrencyPolicy', policy, ['Allow', 'Forbid', 'Replace']))
  checkSpec(errors, 'spec.jobTemplate.spec', spec.jobTemplate?.spec ?? {})
  notNegative(errors, 'spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit)
  notNegative(errors, 'spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit)
}
