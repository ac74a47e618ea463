/** Wiring of the EndpointSlice mirroring controller: Services without a selector, Endpoints and mirrored slices wake the Service's key. */
import { keyOf, keyOfObject } from '../../api/object.js'
import type { EndpointSlice, Service } from '../../api/generated/types.js'
import type { Controller, Wake, WatchNotification } from '../controller.js'
import { managedByLabel, serviceNameLabel } from '../slice-content.js'
import { ownKey } from '../own-key.js'
import { mirroredBy, planMirroredSlices } from './plan.js'

// Follows onServiceAdd, onServiceUpdate and onServiceDelete in pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go.
const keyOfService = (notification: WatchNotification<Service>): readonly Wake[] => {
  const { type, object } = notification
  const hadNone = type === 'MODIFIED' && notification.old.spec.selector === undefined
  const hasNone = object.spec.selector === undefined
  const matters = type === 'MODIFIED' ? hadNone !== hasNone : hasNone
  return matters ? [{ key: keyOfObject(object) }] : []
}

// Follows onEndpointSliceDelete: a mirrored slice that somebody else removed comes back.
const keyOfSlice = ({ type, object }: WatchNotification<EndpointSlice>): readonly Wake[] => {
  const { namespace = '', labels } = object.metadata
  const name = labels?.[serviceNameLabel]
  return type === 'DELETED' && name !== undefined && labels?.[managedByLabel] === mirroredBy ? [{ key: keyOf(namespace, name) }] : []
}

export const endpointSliceMirroringController: Controller = {
  name: 'endpoint-slice-mirroring-controller',
  watches: { Service: keyOfService, Endpoints: ownKey, EndpointSlice: keyOfSlice },
  plan: planMirroredSlices,
}
