/** Whether what a controller reads is what is stored: properties of class F count only then. */
import type { ClusterState } from '../cluster/state.js'
import { keysOf, sizeOf } from '../kernel/persistent-map.js'

/** No informer of the controller lags, nor one that was slow a moment ago (its last notifications may still be under way). */
export const cachesAreFresh = ({ informerLags }: ClusterState, controller: string): boolean =>
  sizeOf(informerLags) === 0 || keysOf(informerLags).every((informer) => !informer.startsWith(`${controller} `))
