/** Patches for the fake cluster: the core's own, so that what kubectl sends is what the API would make of it. */
import { wordOf } from '../json-object.js'
import * as E from 'fp-ts/lib/Either.js'
import { applyPatch, typeNameOfKind, type ApiStatus, type Json, type JsonObject } from '@statefold/core'

export const applyTestPatch = (
  patchType: 'strategic' | 'merge' | 'json',
  object: JsonObject,
  patch: Json,
): E.Either<ApiStatus, JsonObject> => {
  const typeName = typeNameOfKind(wordOf(object['kind']), wordOf(object['apiVersion']))
  return typeName === undefined ? E.right(object) : applyPatch(typeName, patchType, object, patch)
}
