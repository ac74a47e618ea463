/** One patch of any kind on one object: the patched object, or the API server's refusal. */
import * as E from 'fp-ts/lib/Either.js'
import { badRequest, type ApiStatus } from '../api-status.js'
import { applyJsonMergePatch } from '../json-merge-patch.js'
import { applyJsonPatch, goKindOf } from '../json-patch.js'
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'
import { applyStrategicMerge } from './strategic-merge.js'

export type PatchType = 'strategic' | 'merge' | 'json'

export const applyPatch = (typeName: string, patchType: PatchType, original: JsonObject, patch: Json): E.Either<ApiStatus, JsonObject> => {
  switch (patchType) {
    case 'merge': {
      const merged = applyJsonMergePatch(original, patch)
      return isJsonObject(patch) && isJsonObject(merged)
        ? E.right(merged)
        : E.left(
            badRequest(`error decoding patch: json: cannot unmarshal ${goKindOf(patch)} into Go value of type map[string]interface {}`),
          )
    }
    case 'json':
      return applyJsonPatch(original, patch)
    case 'strategic':
      return applyStrategicMerge(typeName, original, patch)
  }
}
