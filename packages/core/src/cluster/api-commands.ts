/** What can be asked of the API server. One command is at most one write. `kind` is the command; `target.kind` is the Kubernetes kind. */
import type { Either } from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import type { KubernetesObject, ObjectRef, UnstoredObject } from '../api/object.js'
import type { Json } from '../kernel/json.js'

export type Subresource = 'status' | 'scale'

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

/** What becomes of fields that the kind does not have: refused, dropped with a warning, or dropped. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export type ApiCommand =
  /** A live read, not from a cache. */
  | { readonly kind: 'GetObject'; readonly target: ObjectRef }
  /** POST. `metadata.namespace` must be set for namespaced kinds; `generateName` gets its suffix by a draw. */
  | {
      readonly kind: 'CreateObject'
      readonly object: UnstoredObject
      readonly dryRun?: boolean
      /** `Strict` where it is not said. */
      readonly fieldValidation?: FieldValidation
    }
  /** PUT. With `metadata.resourceVersion` it is refused (Conflict) unless that is the stored one; with `metadata.uid` likewise. */
  | {
      readonly kind: 'ReplaceObject'
      readonly object: UnstoredObject
      readonly subresource?: Subresource
      readonly dryRun?: boolean
      /** `Strict` where it is not said. */
      readonly fieldValidation?: FieldValidation
    }
  | {
      readonly kind: 'PatchObject'
      readonly target: ObjectRef
      readonly patchType: 'strategic' | 'merge' | 'json'
      readonly patch: Json
      /** `Strict` refuses unknown fields (`kubectl apply` asks for it); otherwise they are dropped. */
      readonly fieldValidation?: FieldValidation
      readonly subresource?: Subresource
      readonly dryRun?: boolean
    }
  | { readonly kind: 'DeleteObject'; readonly target: ObjectRef; readonly options: DeleteOptions; readonly dryRun?: boolean }
  /** POST pods/NAME/binding. */
  | { readonly kind: 'BindPod'; readonly namespace: string; readonly name: string; readonly uid: string; readonly nodeName: string }
  /** POST pods/NAME/eviction; refused with 429 while a PodDisruptionBudget forbids it. */
  | { readonly kind: 'EvictPod'; readonly namespace: string; readonly name: string; readonly options: DeleteOptions }
  /**
   * Tells people something: becomes a core/v1 Event, or counts up an earlier one, as client-go's EventCorrelator does
   * (tools/record/events_cache.go). `component` is the source; it defaults to the acting controller's name.
   */
  | {
      readonly kind: 'RecordEvent'
      readonly about: KubernetesObject | EventSubject
      readonly type: 'Normal' | 'Warning'
      readonly reason: string
      readonly message: string
      readonly component?: string
      readonly host?: string
      /** `spec.containers{nginx}` */
      readonly fieldPath?: string
      /** The newer events API (the scheduler): repeats are counted as a series, and the object's resourceVersion makes it another Event. */
      readonly series?: boolean
      /** With `series`: what the reporter was doing (`Scheduling`, `Binding`). */
      readonly action?: string
    }

/** Whom an Event is about, when the object itself is not at hand. */
export interface EventSubject {
  readonly involved: {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion?: string
    readonly fieldPath?: string
  }
}

/** The stored object after the write (after a delete that removed it: its last version), or the refusal. */
export type ApiResult = Either<ApiStatus, KubernetesObject>
