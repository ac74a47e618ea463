/** One switch: who decides each command? The answer is a refusal, or the facts and the object that the API answers with. */
import * as E from 'fp-ts/lib/Either.js'
import { badRequest, type ApiStatus } from '../api/api-status.js'
import { typeNameOfKind } from '../api/field-schema.js'
import { applyPatch } from '../api/patch/apply-patch.js'
import { decodePatched } from '../api/patch-decoding.js'
import { decodeStrictly, strictDecodingStatus, withoutUnknownFields } from '../api/strict-decoding.js'
import type { KubernetesObject, UnstoredObject } from '../api/object.js'
import type { DecideContext } from '../kernel/decider.js'
import type { FieldValidation } from './api-commands.js'
import type { ClusterCommand } from './commands.js'
import { decideCreate, type Decision } from './decide-create.js'
import { decideDelete } from './decide-delete.js'
import { decideBind, decideEvict } from './decide-pod-verbs.js'
import { decideTell } from './decide-telling.js'
import { decideFact } from './decide-world.js'
import { checkVersion, decideNext, decideReplace, decideScaleOf, findTarget } from './decide-update.js'
import { asJson, asStored } from './decide-write.js'
import type { ClusterState, ClusterSettings } from './state.js'

/** What is answered with where no object is asked for; nobody looks at it. */
export const nobody = asStored({
  apiVersion: 'v1',
  kind: 'Status',
  metadata: { name: '', uid: '', resourceVersion: '', creationTimestamp: '' },
})

/** Objects that people send are checked against the schema: unknown fields and wrong types are refused, as `fieldValidation=Strict` does. Controllers' objects are ours. */
const isFromOutside = (actor: string): boolean => actor === 'user' || actor.startsWith('user/')

const decodeSent = (sent: UnstoredObject, actor: string, validation: FieldValidation = 'Strict'): E.Either<ApiStatus, UnstoredObject> => {
  if (!isFromOutside(actor)) return E.right(sent)
  const decoding = decodeStrictly(sent.kind, sent.apiVersion, sent)
  const judged = validation === 'Strict' ? decoding : { ...decoding, unknownFields: [] }
  const refusal = strictDecodingStatus(sent.kind, sent.apiVersion, judged)
  if (refusal !== undefined) return E.left(refusal)
  return E.right(decoding.unknownFields.length === 0 ? sent : withoutUnknownFields(sent.kind, sent.apiVersion, sent))
}

/** The patched object if it still decodes; unknown fields are refused from a strict client and dropped otherwise. */
const decodeAfterPatch = (
  command: PatchCommand,
  stored: KubernetesObject,
  patched: unknown,
  actor: string,
): E.Either<ApiStatus, UnstoredObject> => {
  // What a patch makes of an object is judged here.
  const next = patched as UnstoredObject
  if (!isFromOutside(actor)) return E.right(next)
  const decoding = decodePatched(stored.kind, stored.apiVersion, command.patchType, command.patch, patched, stored)
  const refusal = command.fieldValidation === 'Strict' ? decoding.strictError : decoding.typeError
  if (refusal !== undefined) return E.left(refusal)
  return E.right(decoding.unknownFields.length === 0 ? next : withoutUnknownFields(stored.kind, stored.apiVersion, next))
}

type PatchCommand = Extract<ClusterCommand, { readonly kind: 'PatchObject' }>

const decidePatch = (
  command: PatchCommand,
  state: ClusterState,
  context: DecideContext,
  settings: ClusterSettings,
): E.Either<ApiStatus, Decision> => {
  const found = findTarget(command.target, state)
  if (E.isLeft(found)) return found
  const stored: KubernetesObject = found.right
  if (command.subresource === 'scale') {
    const patched = applyPatch(
      'Scale',
      command.patchType,
      { spec: { replicas: (asJson(stored)['spec'] as { readonly replicas?: number }).replicas ?? 0 } },
      command.patch,
    )
    return E.isLeft(patched) ? patched : decideNext(decideScaleOf(stored, patched.right), stored, undefined, state, context, settings)
  }
  const patched = applyPatch(typeNameOfKind(stored.kind, stored.apiVersion) ?? '', command.patchType, asJson(stored), command.patch)
  if (E.isLeft(patched)) return patched
  // Follows ObjectName and BeforeUpdate: the patch is for this object, as it was when it says so.
  const named = (patched.right['metadata'] as { readonly name?: unknown } | undefined)?.name
  if (typeof named === 'string' && named !== stored.metadata.name)
    return E.left(badRequest(`the name of the object (${named}) does not match the name on the URL (${stored.metadata.name})`))
  const next = decodeAfterPatch(command, stored, patched.right, context.actor)
  if (E.isLeft(next)) return next
  const allowed = checkVersion(next.right, stored)
  if (E.isLeft(allowed)) return allowed
  return decideNext(next.right, stored, command.subresource, state, context, settings)
}

export const decide = (
  command: ClusterCommand,
  state: ClusterState,
  context: DecideContext,
  settings: ClusterSettings,
): E.Either<ApiStatus, Decision> => {
  switch (command.kind) {
    case 'GetObject':
      return E.map((object: KubernetesObject): Decision => ({ events: [], object }))(findTarget(command.target, state))
    case 'CreateObject': {
      const decoded = decodeSent(command.object, context.actor, command.fieldValidation)
      return E.isLeft(decoded) ? decoded : decideCreate(decoded.right, state, context, settings, command.object)
    }
    case 'ReplaceObject': {
      const decoded =
        command.subresource === 'scale' ? E.right(command.object) : decodeSent(command.object, context.actor, command.fieldValidation)
      return E.isLeft(decoded) ? decoded : decideReplace(decoded.right, command.subresource, state, context, settings)
    }
    case 'PatchObject':
      return decidePatch(command, state, context, settings)
    case 'DeleteObject':
      return decideDelete(command.target, command.options, state, context)
    case 'BindPod':
      return decideBind(command, state, context)
    case 'EvictPod':
      return decideEvict(command, command.options, state, context)
    case 'RecordEvent':
      return E.right({ events: decideTell(command, state, context), object: nobody })
    case 'ActOnWorld':
      return E.map((events: Decision['events']): Decision => ({ events, object: nobody }))(decideFact(command.event, state.world))
    case 'CrashController':
      return E.right({ events: [{ kind: 'ControllerCrashed', controller: command.controller }], object: nobody })
    case 'RestartController':
      return E.right({ events: [{ kind: 'ControllerRestarted', controller: command.controller }], object: nobody })
    case 'SetInformerLag':
      return E.right({
        events: [{ kind: 'InformerLagSet', controller: command.controller, objectKind: command.objectKind, lagMs: command.lagMs }],
        object: nobody,
      })
    case 'SetApiFault': {
      const { kind: _kind, ...fault } = command
      return E.right({ events: [{ kind: 'ApiFaultSet', ...fault }], object: nobody })
    }
  }
}
