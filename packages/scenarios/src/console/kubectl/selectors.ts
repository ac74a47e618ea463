/** -l and --field-selector. */
import type { KubernetesObject } from '@statefold/core'

export type ObjectFilter = (object: KubernetesObject) => boolean

export const labelFilter = (_text: string): ObjectFilter => () => true
export const fieldFilter = (_kind: string, _text: string): ObjectFilter => () => true
