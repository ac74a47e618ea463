/** Wiring of the Endpoints controller: Services and their Pods wake the Service's key. */
import { keyOfObject, splitKey } from '../../api/object.js'
import type { Controller } from '../controller.js'
import { ownKey } from '../own-key.js'
import { servicesOfPodChange } from '../service-endpoints.js'
import { addressCount, overCapacity, planEndpoints } from './plan.js'

/** A sync looks at every Pod of the Service and writes all addresses: large ones take their time. An object that was cut off says no more how many there are. */
const addressesAtOnce = 50
const busyMsWhenCutOff = 400

export const endpointsController: Controller = {
  name: 'endpoint-controller',
  watches: {
    Service: ownKey,
    Pod: servicesOfPodChange,
    Endpoints: (notification) => (notification.type === 'DELETED' ? ownKey(notification) : []),
  },
  plan: planEndpoints,
  // Follows checkLeftoverEndpoints in pkg/controller/endpoint/endpoints_controller.go: those whose Service went while nobody looked.
  start: (reader) => reader.list('Endpoints').map((endpoints) => ({ key: keyOfObject(endpoints) })),
  busyMs: (key, reader) => {
    const { namespace, name } = splitKey(key)
    const endpoints = reader.get('Endpoints', namespace, name)
    if (endpoints?.metadata.annotations?.[overCapacity] !== undefined) return busyMsWhenCutOff
    return Math.max(1, addressCount(endpoints?.subsets ?? []) - addressesAtOnce)
  },
}
