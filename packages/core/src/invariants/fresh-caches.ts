/** Whether what a controller reads is what is stored: properties of class F count only then. */
import { showsOneState } from '../cluster/make-reader.js'
import type { Reader } from '../cluster/reader.js'
import type { ClusterState } from '../cluster/state.js'
import { keysOf, sizeOf } from '../kernel/persistent-map.js'

/** No informer of the controller lags. */
const noneLags = ({ informerLags }: ClusterState, controller: string): boolean =>
  sizeOf(informerLags) === 0 || keysOf(informerLags).every((informer) => !informer.startsWith(`${controller} `))

/**
 * No informer of the controller lags, nor was one slow a moment ago with its last notifications still under way: `view`, what its plan reads, shows the
 * state as it was when the plan began. (While somebody else's informer lags that cannot be told apart, and is not judged.)
 */
export const cachesAreFresh = (state: ClusterState, controller: string, view?: Reader): boolean =>
  noneLags(state, controller) && (view === undefined || showsOneState(view))
