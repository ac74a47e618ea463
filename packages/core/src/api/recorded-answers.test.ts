/**
 * Some 870 questions to a real v1.36.3 API server (the files beside this), asked with `kubectl create` and `kubectl patch` and `--dry-run=server`: what it
 * stores, refuses and warns of, word for word.
 */
import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { Reader } from '../cluster/reader.js'
import { admitOnCreate, admitOnUpdate } from './admission/admit.js'
import type { FieldError } from './api-status.js'
import { prepareForCreate, prepareForUpdate } from './defaults/prepare.js'
import { withDefaults } from './defaults/defaults.js'
import type { KubernetesObject, UnstoredObject } from './object.js'
import { validateCreate, validateStatusUpdate, validateUpdate, warningsFor } from './validation/validate.js'

type Plain = { [key: string]: unknown }

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`recorded-${name}`, import.meta.url), 'utf8'))

interface Creation {
  readonly case: string
  readonly sent: UnstoredObject
  readonly stderr?: string
  readonly stored?: Plain
}

interface Update {
  readonly case: string
  readonly resource: string
  readonly patch: unknown
  readonly type: 'merge' | 'json' | 'strategic'
  readonly subresource?: string
  readonly stored: KubernetesObject
  readonly stderr?: string
  readonly result?: Plain
}

const clusterKinds = new Set(['Namespace', 'Node', 'PersistentVolume', 'StorageClass', 'PriorityClass'])

const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: 'standard',
    uid: '1',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: 'example.com/nfs',
}
const namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default', uid: '2', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {},
  status: { phase: 'Active' },
}

const reader = {
  get: (kind: string, _: string, name: string) => (kind === 'Namespace' && name === 'default' ? namespace : undefined),
  list: (kind: string) => (kind === 'StorageClass' ? [storageClass] : []),
  getAny: () => undefined,
} as unknown as Reader

const uid = '00000000-0000-4000-8000-000000000001'
const creationTimestamp = '2026-01-01T00:00:00Z'

const said = (kind: string, name: string, errors: readonly FieldError[], warnings: readonly string[]): string => {
  const sentences = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))]
  // A refused object is not warned of, but a deprecated version of the API is, always.
  const lines = warnings.filter((warning) => sentences.length === 0 || warning.startsWith('v1 ')).map((warning) => `Warning: ${warning}`)
  if (sentences.length === 1) lines.push(`The ${kind} "${name}" is invalid: ${sentences[0] ?? ''}`)
  if (sentences.length > 1) lines.push(`The ${kind} "${name}" is invalid: `, ...sentences.map((sentence) => `* ${sentence}`))
  return lines.join('\n').trimEnd()
}

// Go's maps have no order: messages about labels, amounts and the like come in any.
const unordered = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replaceAll(/X_[a-z0-9]{5}/g, 'X_xxxxx')
    .split('\n')
    .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
    .join('\n')

const scrub = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-xxxxx')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
      .replaceAll(/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
      .replaceAll(/"x-[a-z0-9]{5}"/g, '"x-xxxxx"'),
  )

/** Addresses and node ports are given by the allocators, later. */
const withoutAllocations = (object: unknown): unknown => {
  const plain = object as {
    kind?: string
    spec?: { clusterIP?: string; ports?: Plain[]; healthCheckNodePort?: number; clusterIPs?: unknown }
  }
  if (plain.kind !== 'Service') return object
  const { clusterIP, clusterIPs, healthCheckNodePort: _, ports, ...spec } = plain.spec ?? {}
  return {
    ...plain,
    spec: {
      ...spec,
      ...(clusterIP === 'None' ? { clusterIP, clusterIPs } : {}),
      ...(ports === undefined ? {} : { ports: ports.map(({ nodePort: __, ...port }) => port) }),
    },
  }
}

const withoutNulls = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(withoutNulls)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutNulls(item)]])))
      : value

const create = (sent: UnstoredObject): { stored?: UnstoredObject; text: string } => {
  const defaulted = withDefaults(sent)
  const name = sent.metadata?.name ?? (sent.metadata?.generateName === undefined ? undefined : `${sent.metadata.generateName}5299d`)
  const { namespace: asked, ...given } = defaulted.metadata ?? {}
  const placed = clusterKinds.has(sent.kind) ? given : { ...given, namespace: asked ?? 'default' }
  const admitted = admitOnCreate({ ...defaulted, metadata: placed }, { reader, now: 0, choose: () => 0 })
  if (E.isLeft(admitted))
    return { text: `Error from server (${admitted.left.reason}): error when creating "STDIN": ${admitted.left.message}` }
  const { resourceVersion: _, ...metadata } = admitted.right.metadata ?? {}
  const object = prepareForCreate({
    ...admitted.right,
    metadata: { ...metadata, ...(name === undefined || name === '' ? {} : { name }), uid, creationTimestamp },
  })
  const errors = validateCreate(object)
  const text = said(object.kind, name ?? '', errors, warningsFor(object))
  return errors.length > 0 ? { text } : { stored: object, text }
}

// Refused by the allocator or by plugins that are not simulated.
const elsewhere = new Set([
  'svc clusterIP range',
  'svc clusterIP taken',
  'svc nodeport range',
  'svc nodeport dup',
  'svc nodeport fixed',
  'svc dual',
  'svc family',
])

const freeze = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const item of Object.values(value)) freeze(item)
}

// `creations` were asked for this test; `applied` are the manifests of the conformance recordings and what became of them.
describe.each(['creations', 'applied'])('%s', (name) => {
  for (const question of read(`${name}.json`) as readonly Creation[]) {
    test.skipIf(elsewhere.has(question.case))(question.case, () => {
      freeze(question.sent)
      const answer = create(question.sent)
      expect(unordered(answer.text)).toBe(unordered(question.stderr ?? ''))
      if (question.stored === undefined) return
      const { uid: _, creationTimestamp: __, ...metadata } = (answer.stored?.metadata ?? {}) as Plain
      const stored = withoutAllocations(withoutNulls(scrub({ ...answer.stored, metadata })))
      expect(stored).toEqual(withoutAllocations(withoutNulls(scrub(question.stored))))
      freeze(answer.stored)
      // Defaulting what is stored changes nothing.
      if (answer.stored !== undefined) expect(withDefaults(answer.stored)).toEqual(answer.stored)
    })
  }
})

const merge = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Plain = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...(target as Plain) } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merge(result[key], value)
  }
  return result
}

interface Operation {
  readonly op: 'add' | 'remove' | 'replace'
  readonly path: string
  readonly value?: unknown
}

const applyOperations = (target: unknown, operations: readonly Operation[]): unknown => {
  const copy = structuredClone(target)
  for (const { op, path, value } of operations) {
    const keys = path.slice(1).split('/')
    const last = keys.pop() ?? ''
    const parent = keys.reduce((at, key) => (at as Plain)[key], copy)
    if (Array.isArray(parent)) {
      if (op === 'add') parent.splice(last === '-' ? parent.length : Number(last), 0, value)
      else parent[Number(last)] = value
    } else (parent as Plain)[last] = value
  }
  return copy
}

// Found before validation (URL, resource version), or by parts that are elsewhere (allocators, resize, admission on updates).
const foundBefore = / (name|namespace|rv)$/

const elsewhereUpdates = new Set([
  'pod resize',
  'pod status ip',
  'svc policy',
  'svc ext to cip',
  'svc ip none',
  'svc headless',
  'svc type np',
  'svc lb status ok',
  // The stored Service keeps internalTrafficPolicy; only reads leave it out.
  'svc to ext',
])

describe('updates', () => {
  for (const question of read('updates.json') as readonly Update[]) {
    if (question.case.endsWith('node taint')) continue
    test.skipIf(
      (foundBefore.test(question.case) && /^(pod\/p|sts\/s|svc\/v|pvc\/c) /.test(question.case)) || elsewhereUpdates.has(question.case),
    )(question.case, () => {
      freeze(question.stored)
      const patched = (
        question.type === 'json'
          ? applyOperations(question.stored, question.patch as readonly Operation[])
          : merge(question.stored, question.patch)
      ) as UnstoredObject
      const status = question.subresource === 'status' ? 'status' : undefined
      const next = prepareForUpdate(admitOnUpdate(withDefaults(patched), {}), question.stored, status, 0)
      const errors = status === undefined ? validateUpdate(next, question.stored) : validateStatusUpdate(next, question.stored)
      const text = said(
        question.stored.kind,
        question.stored.metadata.name,
        errors,
        errors.length > 0 || status !== undefined ? [] : warningsFor(next, question.stored),
      )
      expect(unordered(text)).toBe(unordered(question.stderr ?? ''))
      if (question.result === undefined) return
      expect(withoutNulls(scrub(next))).toEqual(withoutNulls(scrub(question.result)))
    })
  }
})
