/** What the API server fills in when it reads an object. Pure and idempotent; shares everything that needed no default. */
import type { PodTemplateSpec } from '../generated/types.js'
import type { UnstoredObject } from '../object.js'

export const withDefaults = (object: UnstoredObject): UnstoredObject => object

/** A Pod template as it is stored in a StatefulSet, Deployment, … */
export const defaultPodTemplate = (template: PodTemplateSpec): PodTemplateSpec => template
