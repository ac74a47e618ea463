/**
 * A Pod as a controller makes it from its template: the template's labels, annotations, finalizers and spec, owned by the controller's object.
 * The new Pod shares the template's parts; nothing is copied.
 */
import type { OwnerReference, PodSpec, PodTemplateSpec } from '../api/generated/types.js'
import type { KubernetesObject, UnstoredObject } from '../api/object.js'

export interface PodFromTemplate {
  readonly template: PodTemplateSpec
  readonly namespace: string
  readonly owner: OwnerReference
  /** Pods with an identity have a name; the others only say how their name begins. A StatefulSet's Pods have both. */
  readonly name?: string
  readonly generateName?: string
}

/** A Pod that has not been sent yet. */
export type UnstoredPod = UnstoredObject & { readonly metadata: NonNullable<UnstoredObject['metadata']>; readonly spec: PodSpec }

// A template without a spec is refused by validation long before it comes here.
const emptySpec: PodSpec = { containers: [] }

// Follows GetPodFromTemplate in pkg/controller/controller_utils.go.
export const podFromTemplate = ({ template, namespace, owner, name, generateName }: PodFromTemplate): UnstoredPod => {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(name === undefined ? undefined : { name }),
      ...(generateName === undefined ? undefined : { generateName }),
      namespace,
      ...(labels === undefined ? undefined : { labels }),
      ...(annotations === undefined ? undefined : { annotations }),
      ...(finalizers === undefined ? undefined : { finalizers }),
      ownerReferences: [owner],
    },
    spec: template.spec ?? emptySpec,
  }
}

/** The reference by which an object controls what it makes. Follows NewControllerRef in apimachinery/pkg/apis/meta/v1/controller_ref.go. */
export const newControllerRef = (owner: KubernetesObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
})
