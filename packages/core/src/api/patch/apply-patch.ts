/** One patch of any kind on one object: the patched object, or the API server's refusal. */
import * as E from 'fp-ts/lib/Either.js'
import { badRequest, type ApiStatus } from '../api-status.js'
import { applyJsonMergePatch } from '../json-merge-patch.js'
import { applyJsonPatch } from '../json-patch.js'
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'
import { applyStrategicMerge } from './strategic-merge.js'

export type PatchType = 'strategic' | 'merge' | 'json'

export const applyPatch = (typeName: string, patchType: PatchType, original: JsonObject, patch: Json): E.Either<ApiStatus, JsonObject> => {
  switch (patchType) {
    case 'merge': {
      const merged = applyJsonMergePatch(original, patch)
      return isJsonObject(merged) ? E.right(merged) : E.left(badRequest('json: cannot unmarshal non-object into Go value'))
    }
    case 'json':
      return applyJsonPatch(original, patch)
    case 'strategic':
      return applyStrategicMerge(typeName, original, patch)
  }
}
