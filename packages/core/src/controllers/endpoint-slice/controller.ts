/** Wiring of the EndpointSlice controller: Services, their Pods and the slices themselves wake the Service's key. */
import { keyOf, splitKey } from '../../api/object.js'
import type { EndpointSlice } from '../../api/generated/types.js'
import type { Controller, Wake, WatchNotification } from '../controller.js'
import { ownKey } from '../own-key.js'
import { servicesOfPodChange } from '../service-endpoints.js'
import { planEndpointSlices, slicesOf } from './plan.js'
import { managedBy, managedByLabel, serviceNameLabel } from '../slice-content.js'

/** A sync looks at every Pod of the Service: large ones take their time. */
const endpointsAtOnce = 50

// Follows onEndpointSliceUpdate and onEndpointSliceDelete in pkg/controller/endpointslice/endpointslice_controller.go.
// Differs from Kubernetes: there, content that somebody else changed wakes the Service too (the controller knows the generations that it
// wrote itself); here such a slice is put right with the next change of the Service or of its Pods.
const serviceOfSlice = ({ type, object, old }: WatchNotification<EndpointSlice>): readonly Wake[] => {
  const { namespace = '', labels, deletionTimestamp } = object.metadata
  const serviceName = labels?.[serviceNameLabel]
  const isOurs = labels?.[managedByLabel] === managedBy
  const wakesOf = (name: string | undefined): readonly Wake[] => (name === undefined ? [] : [{ key: keyOf(namespace, name) }])
  if (type === 'ADDED') return []
  if (type === 'DELETED') return isOurs && deletionTimestamp === undefined ? wakesOf(serviceName) : []
  const nameBefore = old.metadata.labels?.[serviceNameLabel]
  if (nameBefore !== serviceName) return [...wakesOf(nameBefore), ...wakesOf(serviceName)]
  return old.metadata.labels?.[managedByLabel] === labels?.[managedByLabel] ? [] : wakesOf(serviceName)
}

export const endpointSliceController: Controller = {
  name: 'endpoint-slice-controller',
  watches: { Service: ownKey, Pod: servicesOfPodChange, EndpointSlice: serviceOfSlice },
  plan: planEndpointSlices,
  busyMs: (key, reader) => {
    const { namespace, name } = splitKey(key)
    const service = reader.get('Service', namespace, name)
    if (service === undefined) return 1
    const count = slicesOf(service, reader).reduce((sum, { endpoints }) => sum + (endpoints?.length ?? 0), 0)
    return Math.max(1, count - endpointsAtOnce)
  },
}
