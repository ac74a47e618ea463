/** The warnings that the server sends with its answer to a write: of unknown fields that it dropped, then of what the object says. */
// Follows fieldValidation in apiserver/pkg/endpoints/handlers/{create,update,patch}.go and the strategies' WarningsOnCreate and WarningsOnUpdate.
import * as E from 'fp-ts/lib/Either.js'
import type { ApiCommand } from './api-commands.js'
import { isJsonObject, type Json } from '../kernel/json.js'
import { typeNameOfKind } from '../api/field-schema.js'
import type { KubernetesObject, UnstoredObject } from '../api/object.js'
import { applyPatch } from '../api/patch/apply-patch.js'
import { decodePatched } from '../api/patch-decoding.js'
import { decodeStrictly } from '../api/strict-decoding.js'
import { warningsFor } from '../api/validation/warnings.js'

const ofFields = (unknownFields: readonly string[]): readonly string[] =>
  unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`)

/** `stored` is the object that the request changes. */
export const warningsOfRequest = (command: ApiCommand, stored: KubernetesObject | undefined): readonly string[] => {
  switch (command.kind) {
    case 'CreateObject':
    case 'ReplaceObject': {
      const { object, fieldValidation } = command
      const fields = fieldValidation === 'Warn' ? decodeStrictly(object.kind, object.apiVersion, object).unknownFields : []
      if (command.kind === 'ReplaceObject' && command.subresource !== undefined) return ofFields(fields)
      return [...ofFields(fields), ...warningsFor(object, command.kind === 'CreateObject' ? undefined : stored)]
    }
    case 'PatchObject': {
      const { subresource, patchType, patch, fieldValidation = 'Warn' } = command
      // A stored object is JSON.
      const before = stored as Json | undefined
      if (stored === undefined || subresource !== undefined || !isJsonObject(before)) return []
      const patched = applyPatch(typeNameOfKind(stored.kind, stored.apiVersion) ?? '', patchType, before, patch)
      if (E.isLeft(patched)) return []
      const { unknownFields } = decodePatched(stored.kind, stored.apiVersion, patchType, patch, patched.right, stored)
      // What a patch makes of an object is judged by the server.
      const next = patched.right as unknown as UnstoredObject
      return [...(fieldValidation === 'Warn' ? ofFields(unknownFields) : []), ...warningsFor(next, stored)]
    }
    default:
      return []
  }
}
