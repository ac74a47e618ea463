/** Properties that hold only while nobody forces: the simulator shows what Kubernetes shows when somebody does. */

import { isJsonObject, type JsonObject } from '@statefold/core'
import type { ScenarioStep } from '../format/scenario-codec.js'

const field = (object: JsonObject, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isJsonObject(value) ? value[name] : undefined), object)

/** A deletion without a grace period, or a Pod template that asks for none: every deletion of its Pods is forced. */
export const forces = ({ delete: deletion, apply }: ScenarioStep): boolean =>
  (typeof deletion === 'object' &&
    (('force' in deletion && deletion.force === true) || ('gracePeriodSeconds' in deletion && deletion.gracePeriodSeconds === 0))) ||
  (Array.isArray(apply) &&
    apply.some((object) => isJsonObject(object) && field(object, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds') === 0))

/**
 * A forced deletion removes a Pod's object whatever its processes do: the next Pod of that name may run beside the old process. The catalogue's S2,
 * "at most one running instance of an identity, unless force-deleted".
 */
export const isMeantToBreak = (invariant: string, isForced: boolean): boolean =>
  isForced && invariant === 'stateful-set/at-most-one-pod-per-ordinal'
